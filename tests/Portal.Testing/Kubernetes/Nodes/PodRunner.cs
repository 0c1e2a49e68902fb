using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Controllers;
using Portal.Testing.Kubernetes.Defaults;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Programs;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Nodes;

/// <summary>Runs one pod on its node, from its binding to its end, and reports what becomes of it.</summary>
internal sealed class PodRunner : IDisposable
{
    private readonly CancellationTokenSource _ending = new();
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private readonly DateTimeOffset _started;
    private bool _isInitialized;
    private bool _isTerminating;
    private (string Reason, string Message)? _eviction;

    public PodRunner(NodeAgent agent, StoredObject stored)
    {
        Agent = agent;
        Stored = stored;
        Ip = agent.NextAddress();
        HostIp = agent.HostAddress(Node);
        _started = Core.Now;
        Volumes = new PodVolumes(this);
        Init = [.. stored.Json.Objects("spec", "initContainers").Select(c => new ContainerRunner(this, c.Copy(), isInit: true))];
        Containers = [.. stored.Json.Objects("spec", "containers").Select(c => new ContainerRunner(this, c.Copy(), isInit: false))];
        _isInitialized = Init.Count == 0;
    }

    public NodeAgent Agent { get; }

    public ClusterCore Core => Agent.Core;

    public TestClusterOptions Options => Core.Options;

    public StoredObject Stored { get; private set; }

    public string Namespace => Stored.Namespace!;

    public string Name => Stored.Name;

    public string Uid => Stored.Uid;

    public string Node => Stored.Json.Text("spec", "nodeName") ?? "";

    public IReadOnlyDictionary<string, string> Labels => Stored.Labels;

    public string RestartPolicy => Stored.Json.Text("spec", "restartPolicy") ?? "Always";

    public string Ip { get; }

    public string HostIp { get; }

    public PodVolumes Volumes { get; }

    public IReadOnlyList<ContainerRunner> Init { get; }

    public IReadOnlyList<ContainerRunner> Containers { get; }

    /// <summary>Nothing new is started any more.</summary>
    public bool IsEnding => _ending.IsCancellationRequested;

    /// <summary>Runs until nothing of it is left.</summary>
    public async Task RunAsync()
    {
        try
        {
            Report();
            if (await Volumes.PrepareAsync() && await InitializeAsync())
                await Task.WhenAll(Containers.Select(c => Task.Run(c.RunAsync)));
            Report();
        }
        finally
        {
            _over.TrySetResult();
        }
    }

    /// <summary>TERM, the grace, KILL; then the pod is gone.</summary>
    public async Task TerminateAsync(TimeSpan grace)
    {
        lock (_gate)
        {
            if (_isTerminating)
                return;
            _isTerminating = true;
        }
        await _ending.CancelAsync();
        foreach (var container in Init.Concat(Containers))
            container.Terminate();
        await Task.WhenAny(_over.Task, Task.Delay(grace));
        await KillAsync();
        Report();
        Agent.Forget(this, delete: true);
    }

    /// <summary>KILL, now.</summary>
    public async Task KillAsync()
    {
        await _ending.CancelAsync();
        foreach (var container in Init.Concat(Containers))
            container.Kill();
        await _over.Task;
        Volumes.Remove();
    }

    /// <summary>The node puts the pod out: it has failed and stays to say why.</summary>
    public async Task EvictAsync(string message)
    {
        _eviction = ("Evicted", message);
        Event("Warning", "Evicted", message);
        await _ending.CancelAsync();
        foreach (var container in Init.Concat(Containers))
            container.EndWith(new ProgramEnd(137));
        await KillAsync();
        Report();
        Agent.Forget(this, delete: false);
    }

    public void Dispose()
    {
        _ending.Dispose();
        foreach (var container in Init.Concat(Containers))
            container.Dispose();
    }

    public async Task DelayAsync(TimeSpan time) => await Task.Delay(time, _ending.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    public void Event(string type, string reason, string message)
    {
        if (type == "Warning")
            Core.Events.Warning(Stored, "kubelet", reason, message, Node);
        else
            Core.Events.Normal(Stored, "kubelet", reason, message, Node);
    }

    /// <summary>Writes the status as it is now. A node that is lost cannot.</summary>
    public void Report()
    {
        if (!Agent.IsAlive(Node))
            return;
        lock (_gate)
        {
            try
            {
                Stored = Core.Api.Change(ApiCall.By("kubelet", "status"), Stored, Write);
            }
            catch (ApiException gone) when (gone.Code is 404 or 409)
            {
                // The pod was deleted, or another one of its name is there: its node has nothing to tell any more.
            }
        }
    }

    private async Task<bool> InitializeAsync()
    {
        foreach (var container in Init)
        {
            await container.RunAsync();
            if (IsEnding || container.ExitCode != 0)
                return false;
        }
        _isInitialized = true;
        Report();
        return !IsEnding;
    }

    private void Write(JsonObject json)
    {
        var status = json.Ensure("status");
        var phase = Phase();
        status["phase"] = phase;
        status["hostIP"] = HostIp;
        status["hostIPs"] = new JsonArray(new JsonObject { ["ip"] = HostIp });
        status.Default("startTime", JsonReading.Stamp(_started));
        if (_isInitialized || Init.Any(i => i.Restarts > 0 || i.ExitCode is not null || i.State.At("running") is not null))
        {
            status["podIP"] = Ip;
            status["podIPs"] = new JsonArray(new JsonObject { ["ip"] = Ip });
        }
        if (_eviction is { } eviction)
        {
            status["reason"] = eviction.Reason;
            status["message"] = eviction.Message;
            Conditions.Set(json, "DisruptionTarget", "True", "TerminationByKubelet", eviction.Message, Core.Now);
        }
        PodStatus.Conditions(json, this, phase, _isInitialized);
        if (Init.Count > 0)
            status["initContainerStatuses"] = new JsonArray([.. Init.Select(c => (JsonNode)PodStatus.Of(c))]);
        status["containerStatuses"] = new JsonArray([.. Containers.Select(c => (JsonNode)PodStatus.Of(c))]);
    }

    private string Phase()
    {
        if (_eviction is not null)
            return "Failed";
        var ended = Containers.Where(c => c.State.At("terminated") is not null).ToList();
        if (ended.Count == Containers.Count && (RestartPolicy == "Never" || IsEnding || (RestartPolicy == "OnFailure" && ended.All(c => c.ExitCode == 0))))
            return ended.All(c => c.ExitCode == 0) ? "Succeeded" : "Failed";
        if (Init.Any(c => c.State.At("terminated") is not null && c.ExitCode != 0) && RestartPolicy == "Never")
            return "Failed";
        return Containers.Any(c => c.State.At("running") is not null || c.State.At("terminated") is not null || c.Restarts > 0 || c.WaitingReason == "CrashLoopBackOff") ? "Running" : _isTerminating ? "Failed" : "Pending";
    }
}
