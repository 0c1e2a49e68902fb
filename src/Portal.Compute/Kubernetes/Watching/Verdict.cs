using System.Globalization;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Watching;

/// <summary>What the main object and pods of an allocation say together. Pure: the same facts give the same answer.</summary>
internal static class Verdict
{
    private const int Killed = 137;

    /// <summary>The allocation as the cluster shows it.</summary>
    /// <param name="warning">The newest warning of the cluster about it.</param>
    public static Observation Of(MainFacts main, IReadOnlyList<PodFacts> pods, string? warning)
    {
        var seen = new Observation(main.AllocationId, ObservedState.Starting) { WorkloadId = main.WorkloadId, PortalInstanceId = main.Instance, ResourceId = main.ResourceId, StartedAt = main.CreatedAt, StopRequested = main.StopAsked is not null };
        var live = pods.Where(p => !p.IsOver).ToList();
        if (main.End is { } end) return Ended(seen with { ReadyAt = main.Kind == "Job" ? Newest(pods)?.Ended?.StartedAt : null }, end, live.Count);
        if (main.StopAsked is not null) return seen with { State = ObservedState.Stopping, Message = live.Count == 0 ? null : "It was asked to end." };
        if (EndOf(main, pods) is not null) return seen with { State = ObservedState.Stopping };
        seen = seen with { Altered = main.Altered is { } altered ? $"“{altered.Manager}” has changed it on the cluster" : null };
        var pod = Newest(pods);
        seen = seen with { ReadyAt = ReadyAt(main, pods) };
        if (seen.ReadyAt is not null && pod is { Deleting: false }) return seen with { State = ObservedState.Ready, Message = ReplicasOf(main, pods) };
        return seen with { ReadyAt = null, Message = pod is { Disrupted: { } why } ? $"The cluster moves it: {why}" : PendingWords.Of(pod, warning), Failure = FailureOf(pod) };
    }

    /// <summary>How it ended, when it has and nobody has written it down yet; null while it goes on. Its main object must then be told to make no more pods.</summary>
    public static AllocationEnd? EndOf(MainFacts main, IReadOnlyList<PodFacts> pods)
    {
        if (main.End is not null) return null;
        var pod = Newest(pods);
        if (main.StopAsked is { } asked)
            return pods.All(p => p.IsOver) ? new AllocationEnd(Later(pod?.Ended?.At, asked), pod?.Ended?.ExitCode, null, "Stopped.", true, false) : null;
        if (pod is not { Ended: { } ended }) return main.Failed is not null && pods.All(p => p.IsOver) ? Gone(main, pod) : null;
        // Of a container that was begun again, the end is that of the run before; attempts are the portal's.
        return main.Kind == "Deployment" && pods.Any(p => p.ReadySince is not null && !p.Deleting) ? null
            // What serves comes back elsewhere when the cluster takes its pod away; a run does not.
            : main.Kind != "Job" && (pod.Deleting || Interruption(pod) is not null) ? null
            : OfContainer(main, pod, ended);
    }

    private static AllocationEnd OfContainer(MainFacts main, PodFacts pod, ContainerEnd ended)
    {
        var at = ended.At ?? main.CreatedAt;
        if (ended.Reason == "OOMKilled") return new AllocationEnd(at, ended.ExitCode, FailureClass.OutOfMemory, "It used more memory than it has and was ended.", false, false);
        if (Interruption(pod) is { } why) return new AllocationEnd(at, ended.ExitCode, FailureClass.Interrupted, why, false, false);
        if (ended.Reason is "StartError" or "ContainerCannotRun") return new AllocationEnd(at, ended.ExitCode, FailureClass.Invalid, $"Its program cannot be started: {ended.Message}", false, false);
        return new AllocationEnd(at, ended.ExitCode, null, string.Create(CultureInfo.InvariantCulture, $"The program ended with exit code {ended.ExitCode}."), false, false);
    }

    /// <summary>A run whose pod is gone before its container told how it ended.</summary>
    private static AllocationEnd Gone(MainFacts main, PodFacts? pod)
    {
        var interruption = pod is not null && Interruption(pod) is { } seen ? seen : main.Failed is { Reason: "PodFailurePolicy" } taken ? $"The cluster took it away: {taken.Message}" : null;
        return interruption is not null
            ? new AllocationEnd(pod?.Ended?.At ?? pod?.RunningSince ?? main.CreatedAt, null, FailureClass.Interrupted, interruption, false, false)
            : new AllocationEnd(pod?.RunningSince ?? main.CreatedAt, null, FailureClass.Lost, $"Its pod was deleted by somebody else. {main.Failed?.Message}".Trim(), false, true);
    }

    private static string? Interruption(PodFacts pod) => pod switch
    {
        { Disrupted: { } why } => $"The cluster took it away: {why}",
        { Reason: "Evicted" or "Preempting" or "NodeLost" or "NodeShutdown" or "Terminated" or "Shutdown" } => $"The cluster took it away: {pod.Message ?? pod.Reason}",
        // A pod that is deleted while nobody asked for it, and was killed in time.
        { Deleting: true, Ended.ExitCode: Killed or 143 } => "The cluster took its node away.",
        _ => null,
    };

    private static Observation Ended(Observation seen, AllocationEnd end, int live)
    {
        var ended = seen with { StopRequested = end.StopRequested, Message = end.Message };
        return live > 0 ? ended with { State = ObservedState.Stopping }
            : ended with { State = end.Lost ? ObservedState.Lost : ObservedState.Exited, EndedAt = end.At < seen.StartedAt ? seen.StartedAt : end.At, ExitCode = end.ExitCode, Failure = end.Failure };
    }

    private static DateTimeOffset? ReadyAt(MainFacts main, IReadOnlyList<PodFacts> pods) =>
        main.Kind == "Job" ? Newest(pods) is { RunningSince: { } since } ? since : null : pods.Where(p => !p.Deleting && p.ReadySince is not null).Select(p => p.ReadySince).Min();

    /// <summary>Null where there is one only, and it answers.</summary>
    private static string? ReplicasOf(MainFacts main, IReadOnlyList<PodFacts> pods)
    {
        var answering = pods.Count(p => p is { Deleting: false, ReadySince: not null });
        return main.Replicas < 2 && answering == main.Replicas ? null : main.Kind != "Deployment" ? null : $"{answering} of {main.Replicas} replicas answer.";
    }

    private static FailureClass? FailureOf(PodFacts? pod) => pod?.Waiting?.Reason is "ImagePullBackOff" or "ErrImagePull" or "InvalidImageName" ? FailureClass.ImagePull : null;

    // A pod that replaces another is there beside it for a while.
    private static PodFacts? Newest(IReadOnlyList<PodFacts> pods) => pods.OrderBy(p => p.Deleting).ThenByDescending(p => p.RunningSince ?? DateTimeOffset.MaxValue).FirstOrDefault();

    private static DateTimeOffset Later(DateTimeOffset? one, DateTimeOffset other) => one is { } instant && instant > other ? instant : other;
}
