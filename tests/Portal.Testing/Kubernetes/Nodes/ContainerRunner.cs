using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Programs;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Nodes;

/// <summary>Pulls, starts, watches and restarts one container of a pod.</summary>
internal sealed class ContainerRunner(PodRunner pod, JsonObject spec, bool isInit) : IDisposable
{
    private readonly CancellationTokenSource _term = new();
    private readonly CancellationTokenSource _kill = new();
    private ProgramEnd? _forcedEnd;
    private CancellationTokenSource _one = new();

    public string Name { get; } = spec.Text("name") ?? "";

    public JsonObject Spec { get; } = spec;

    public string Image { get; } = spec.Text("image") ?? "";

    /// <summary>The state as in <c>containerStatuses</c>.</summary>
    public JsonObject State { get; private set; } = Waiting(isInit ? "PodInitializing" : "ContainerCreating", null);

    public JsonObject LastState { get; private set; } = [];

    public int Restarts { get; private set; }

    public bool IsReady { get; private set; }

    public bool IsStarted { get; private set; }

    public int? ExitCode { get; private set; }

    public ContainerRun? Run { get; private set; }

    public ContainerLog? Log => Run?.Log;

    public ContainerLog? PreviousLog { get; private set; }

    public ClusterProgram? Program { get; private set; }

    public string ContainerId { get; private set; } = "";

    /// <summary>Waiting, and why.</summary>
    public string? WaitingReason => State.Text("waiting", "reason");

    public static JsonObject Waiting(string reason, string? message)
    {
        var waiting = new JsonObject { ["reason"] = reason };
        if (message is not null)
            waiting["message"] = message;
        return new JsonObject { ["waiting"] = waiting };
    }

    /// <summary>Runs the container until it is over for good.</summary>
    public async Task RunAsync()
    {
        var policy = isInit ? pod.RestartPolicy == "Never" ? "Never" : "OnFailure" : pod.RestartPolicy;
        while (!pod.IsEnding)
        {
            if (!await PullAsync())
                return;
            if (await ConfigureAsync() is not { } run)
                return;
            var end = await StartAsync(run);
            if (pod.IsEnding || policy == "Never" || (policy == "OnFailure" && end.ExitCode == 0))
                return;
            await BackOffAsync(end);
        }
    }

    /// <summary>SIGTERM.</summary>
    public void Terminate()
    {
        if (State.At("running") is not null)
            pod.Event("Normal", "Killing", $"Stopping container {Name}");
        _term.Cancel();
    }

    /// <summary>SIGKILL, of everything.</summary>
    public void Kill() => _kill.Cancel();

    /// <summary>Ends what runs now as if it had ended so by itself.</summary>
    public void EndWith(ProgramEnd end)
    {
        _forcedEnd = end;
        _one.Cancel();
    }

    public void Dispose()
    {
        _term.Dispose();
        _kill.Dispose();
        _one.Dispose();
    }

    private async Task<bool> PullAsync()
    {
        var delay = pod.Options.PullBackOff;
        for (var attempt = 0; ; attempt++)
        {
            if (pod.Core.Programs.PullError(Image) is not { } error)
                break;
            if (attempt == 0)
                pod.Event("Normal", "Pulling", $"Pulling image \"{Image}\"");
            pod.Event("Warning", "Failed", $"Failed to pull image \"{Image}\": {error}");
            pod.Event("Warning", "Failed", "Error: ErrImagePull");
            State = Waiting("ErrImagePull", error);
            pod.Report();
            await pod.DelayAsync(delay);
            if (pod.IsEnding)
                return false;
            pod.Event("Normal", "BackOff", $"Back-off pulling image \"{Image}\"");
            pod.Event("Warning", "Failed", "Error: ImagePullBackOff");
            State = Waiting("ImagePullBackOff", $"Back-off pulling image \"{Image}\": ErrImagePull: {error}");
            pod.Report();
            await pod.DelayAsync(delay);
            if (pod.IsEnding)
                return false;
            delay = TimeSpan.FromTicks(Math.Min(delay.Ticks * 2, TimeSpan.FromSeconds(5).Ticks));
        }
        if (pod.Agent.HasImage(Image) && Spec.Text("imagePullPolicy") != "Always")
        {
            pod.Event("Normal", "Pulled", $"Container image \"{Image}\" already present on machine");
            return true;
        }
        pod.Event("Normal", "Pulling", $"Pulling image \"{Image}\"");
        await pod.DelayAsync(pod.Options.PullTime);
        pod.Agent.AddImage(Image);
        var took = $"{pod.Options.PullTime.TotalMilliseconds:0}ms";
        pod.Event("Normal", "Pulled", $"Successfully pulled image \"{Image}\" in {took} ({took} including waiting). Image size: 1048576 bytes.");
        return !pod.IsEnding;
    }

    /// <summary>Waits until everything that its environment names is there.</summary>
    private async Task<ContainerRun?> ConfigureAsync()
    {
        while (!pod.IsEnding)
        {
            try
            {
                return ContainerConfiguration.Build(pod, this, _term.Token);
            }
            catch (ContainerConfigurationException problem)
            {
                pod.Event("Warning", "Failed", $"Error: {problem.Message}");
                State = Waiting("CreateContainerConfigError", problem.Message);
                pod.Report();
                await pod.DelayAsync(pod.Options.RetryInterval);
            }
        }
        return null;
    }

    private async Task<ProgramEnd> StartAsync(ContainerRun run)
    {
        PreviousLog = Run?.Log ?? PreviousLog;
        Run = run;
        ContainerId = "containerd://" + Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(32));
        Program = pod.Core.Programs.Find(run) ?? pod.Core.Programs.Default ?? pod.Agent.NewProgram();
        pod.Event("Normal", "Created", $"Created container: {Name}");
        var started = pod.Core.Now;
        State = new JsonObject { ["running"] = new JsonObject { ["startedAt"] = JsonReading.Stamp(started) } };
        IsStarted = Spec.At("startupProbe") is null;
        pod.Event("Normal", "Started", $"Started container {Name}");
        pod.Report();
        _one = CancellationTokenSource.CreateLinkedTokenSource(_kill.Token);
        using var probing = new CancellationTokenSource();
        var probes = Task.WhenAll(ReadyAsync(run, probing.Token), LiveAsync(run, probing.Token));
        var end = await EndOfAsync(run);
        await probing.CancelAsync();
        await probes;
        run.Log.End();
        (IsReady, IsStarted, ExitCode) = (false, false, end.ExitCode);
        State = Terminated(end, started);
        pod.Report();
        return end;
    }

    private async Task<ProgramEnd> EndOfAsync(ContainerRun run)
    {
        try
        {
            var end = await Program!.RunAsync(run, _one.Token);
            return Interlocked.Exchange(ref _forcedEnd, null) ?? end;
        }
        catch (Exception problem) when (problem is not OutOfMemoryException)
        {
            // As a runtime that cannot start the program: the message says why.
            return Interlocked.Exchange(ref _forcedEnd, null) ?? (problem is OperationCanceledException ? new ProgramEnd(137) : new ProgramEnd(128, "StartError", $"failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: {problem.Message}"));
        }
    }

    private JsonObject Terminated(ProgramEnd end, DateTimeOffset started)
    {
        var terminated = new JsonObject
        {
            ["exitCode"] = (long)end.ExitCode,
            ["reason"] = end.Reason ?? (end.ExitCode == 0 ? "Completed" : "Error"),
            ["startedAt"] = JsonReading.Stamp(started),
            ["finishedAt"] = JsonReading.Stamp(pod.Core.Now),
            ["containerID"] = ContainerId,
        };
        if (end.Message is not null)
            terminated["message"] = end.Message;
        return new JsonObject { ["terminated"] = terminated };
    }

    private async Task BackOffAsync(ProgramEnd end)
    {
        LastState = State.Copy();
        var wait = TimeSpan.FromTicks(Math.Min(pod.Options.RestartBackOff.Ticks << Math.Min(Restarts, 16), TimeSpan.FromMinutes(5).Ticks));
        if (Restarts > 0 || end.ExitCode != 0)
        {
            pod.Event("Warning", "BackOff", $"Back-off restarting failed container {Name} in pod {pod.Name}_{pod.Namespace}({pod.Uid})");
            State = Waiting("CrashLoopBackOff", $"back-off {wait.TotalSeconds:0.###}s restarting failed container={Name} pod={pod.Name}_{pod.Namespace}({pod.Uid})");
            pod.Report();
        }
        await pod.DelayAsync(wait);
        Restarts++;
    }

    private async Task ReadyAsync(ContainerRun run, CancellationToken over)
    {
        await Task.Yield();
        if (isInit)
            return;
        try
        {
            if (Spec.At("startupProbe") is { } startup)
                await ContainerProbes.UntilAsync(pod, run, startup, over);
            IsStarted = true;
            while (Program!.OpensDoors && run.Ports.Count > run.Doors.Count)
                await Task.Delay(5, over);
            if (Program.SaysReady)
                await run.Ready.WaitAsync(over);
            else if (Spec.At("readinessProbe") is { } probe && ContainerProbes.CanAsk(Program, probe))
                await ContainerProbes.UntilAsync(pod, run, probe, over);
            IsReady = true;
            pod.Report();
        }
        catch (OperationCanceledException)
        {
            // The container has ended before it was ready.
        }
    }

    private async Task LiveAsync(ContainerRun run, CancellationToken over)
    {
        if (isInit || Spec.At("livenessProbe") is not { } probe || !ContainerProbes.CanAsk(Program!, probe))
            return;
        if (await ContainerProbes.FailsAsync(pod, run, probe, () => IsStarted, over))
        {
            pod.Event("Normal", "Killing", $"Container {Name} failed liveness probe, will be restarted");
            EndWith(new ProgramEnd(137));
        }
    }
}
