using AwesomeAssertions;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>What main object and pods say together, row by row.</summary>
public sealed class VerdictTests
{
    private static readonly DateTimeOffset T0 = new(2026, 5, 4, 10, 0, 0, TimeSpan.Zero);
    private static readonly MainFacts Job = new("Job", "portal-vision", "a-x", "7", Guid.CreateVersion7(), Guid.CreateVersion7(), "i", T0, false, null, null, null);
    private static readonly MainFacts Set = Job with { Kind = "StatefulSet" };
    private static readonly PodFacts Pending = new("portal-vision", "a-x-0", "u1", Job.AllocationId, "Pending", null, null, false, null, null, false, null, null, null, null, 0, null, null, null, new ResourceAmount(0, 0, 0));
    private static readonly PodFacts Running = Pending with { Phase = "Running", Node = "n1", Started = true, RunningSince = T0.AddSeconds(5), ReadySince = T0.AddSeconds(9), Address = "10.0.0.1" };

    private static PodFacts Over(int code, string? reason = null) => Pending with { Phase = code == 0 ? "Succeeded" : "Failed", Node = "n1", Ended = new ContainerEnd(code, reason, null, T0.AddMinutes(1), T0.AddSeconds(5)) };

    [Fact]
    public void Pending_IsStarting_AndSaysWhy()
    {
        Verdict.Of(Job, [], null).Should().Match<Observation>(o => o.State == ObservedState.Starting && o.Message == "The cluster is making its pod.");
        Verdict.Of(Job, [Pending with { Unschedulable = "0/3 nodes are available: 1 Insufficient nvidia.com/gpu, 2 Insufficient cpu. preemption: none" }], null).Message.Should().StartWith("No node has room: too little GPUs on 1 node, CPU on 2 nodes.");
        Verdict.Of(Job, [Pending with { Waiting = ("ImagePullBackOff", "Back-off pulling image \"x\"") }], null).Should().Match<Observation>(o => o.Failure == FailureClass.ImagePull && o.Message!.Contains("cannot be pulled"));
        Verdict.Of(Job, [], "pods \"a\" is forbidden: exceeded quota: team, requested: cpu=2").Message.Should().StartWith("The team's quota on the cluster is used up");
        Verdict.Of(Set, [Pending with { Unschedulable = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims." }], null).Message.Should().StartWith("It waits for its volume");
    }

    [Fact]
    public void Running_IsReady_OnceARunHasStartedOrAServerAnswers()
    {
        Verdict.Of(Job, [Running with { ReadySince = null }], null).Should().Match<Observation>(o => o.State == ObservedState.Ready && o.ReadyAt == T0.AddSeconds(5));
        Verdict.Of(Set, [Running with { ReadySince = null }], null).State.Should().Be(ObservedState.Starting);
        Verdict.Of(Set, [Running], null).Should().Match<Observation>(o => o.State == ObservedState.Ready && o.ReadyAt == T0.AddSeconds(9) && o.PortalInstanceId == "i");
    }

    [Theory]
    [InlineData(0, null, null, null, null)]
    [InlineData(3, null, null, null, null)]
    [InlineData(137, "OOMKilled", null, null, FailureClass.OutOfMemory)]
    [InlineData(143, null, "Evicted", null, FailureClass.Interrupted)]
    [InlineData(143, null, null, "Preempted by a scheduler", FailureClass.Interrupted)]
    [InlineData(128, "StartError", null, null, FailureClass.Invalid)]
    public void Ended_HasItsCodeAndClass(int code, string? reason, string? podReason, string? disrupted, FailureClass? failure)
    {
        var pod = Over(code, reason) with { Reason = podReason, Disrupted = disrupted };
        var end = Verdict.EndOf(Job, [pod])!;
        end.Should().Match<AllocationEnd>(e => e.ExitCode == code && e.Failure == failure && e.At == T0.AddMinutes(1) && !e.StopRequested && !e.Lost);
        Verdict.Of(Job, [pod], null).State.Should().Be(ObservedState.Stopping, "until it is written down, nothing is over");
        Verdict.Of(Job with { End = end }, [pod], null).Should().Match<Observation>(o => o.State == ObservedState.Exited && o.ExitCode == code && o.Failure == failure && o.EndedAt == T0.AddMinutes(1));
    }

    [Fact]
    public void Server_WhoseContainerWasBegunAgain_HasEnded_AndIsOverWhenItsPodIs()
    {
        var again = Running with { Restarts = 1, Ended = new ContainerEnd(2, "Error", null, T0.AddMinutes(1), T0), ReadySince = null };
        var end = Verdict.EndOf(Set, [again])!;
        end.ExitCode.Should().Be(2);
        Verdict.Of(Set with { End = end }, [again], null).State.Should().Be(ObservedState.Stopping);
        Verdict.Of(Set with { End = end }, [], null).State.Should().Be(ObservedState.Exited);
    }

    [Fact]
    public void Server_ThatTheClusterMoves_IsStartingAgain_AndHasNotEnded()
    {
        var going = Running with { Deleting = true, Disrupted = "Taint manager: deleting due to NoExecute taint" };
        Verdict.EndOf(Set, [going]).Should().BeNull();
        Verdict.EndOf(Set, [Over(143) with { Deleting = true }]).Should().BeNull("it has ended because it is taken away");
        Verdict.EndOf(Set, [Over(137) with { Reason = "Evicted" }]).Should().BeNull();
        Verdict.Of(Set, [going], null).Should().Match<Observation>(o => o.State == ObservedState.Starting && o.Message!.StartsWith("The cluster moves it") && o.ReadyAt == null);
        var next = Running with { Name = "a-x-0", Uid = "u2", ReadySince = T0.AddMinutes(5), RunningSince = T0.AddMinutes(4) };
        Verdict.Of(Set, [going, next], null).Should().Match<Observation>(o => o.State == ObservedState.Ready && o.ReadyAt == T0.AddMinutes(5));
    }

    [Fact]
    public void Stop_IsOverWhenNoPodIsLeft_AndSaysThatItWasAsked()
    {
        var asked = Job with { StopAsked = T0.AddMinutes(2) };
        Verdict.EndOf(asked, [Running]).Should().BeNull();
        Verdict.Of(asked, [Running], null).Should().Match<Observation>(o => o.State == ObservedState.Stopping && o.StopRequested);
        var end = Verdict.EndOf(asked, [])!;
        end.Should().Match<AllocationEnd>(e => e.StopRequested && e.At == T0.AddMinutes(2) && e.Failure == null);
        Verdict.Of(asked with { End = end }, [], null).Should().Match<Observation>(o => o.State == ObservedState.Exited && o.StopRequested && o.EndedAt == T0.AddMinutes(2));
    }

    [Fact]
    public void Run_WhosePodIsGone_IsLost()
    {
        Verdict.EndOf(Job, []).Should().BeNull("the cluster may still be making it");
        var end = Verdict.EndOf(Job with { Failed = ("BackoffLimitExceeded", "Job has reached the specified backoff limit") }, [])!;
        end.Should().Match<AllocationEnd>(e => e.Lost && e.Failure == FailureClass.Lost);
        Verdict.EndOf(Job with { Failed = ("PodFailurePolicy", "Pod a has condition DisruptionTarget") }, [])!.Failure.Should().Be(FailureClass.Interrupted);
        Verdict.Of(Job with { End = AllocationEnd.Read(end.Write()) }, [], null).State.Should().Be(ObservedState.Lost);
    }
}
