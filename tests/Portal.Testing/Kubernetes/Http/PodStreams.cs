using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Nodes;
using Portal.Testing.Kubernetes.Programs;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Http;

/// <summary>What the nodes tell through the server: logs, forwarded ports, measures.</summary>
internal sealed class PodStreams(ClusterCore core, NodeAgent agent, ClusterFaults faults)
{
    public async Task LogAsync(HttpContext context, StoredObject pod, bool cut, Action started)
    {
        var query = context.Request.Query;
        var container = ContainerOf(pod, query["container"]);
        if (pod.Json.Text("spec", "nodeName") is not { Length: > 0 } node)
        {
            context.Response.ContentType = "text/plain";
            return;
        }
        if (!agent.IsAlive(node))
            throw ApiException.Internal($"Get \"https://{agent.HostAddress(node)}:10250/containerLogs/{pod.Namespace}/{pod.Name}/{container}\": dial tcp {agent.HostAddress(node)}:10250: connect: no route to host");
        var runner = agent.Find(pod.Uid)?.Containers.Concat(agent.Find(pod.Uid)!.Init).FirstOrDefault(c => c.Name == container);
        var isPrevious = IsTrue(query["previous"]);
        // A container that waits to be begun again has ended last with the log it still has: that is the previous one.
        var source = isPrevious && runner?.State.At("waiting") is null ? runner?.PreviousLog : runner?.Log;
        if (source is null)
            throw ApiException.BadRequest(isPrevious ? $"previous terminated container \"{container}\" in pod \"{pod.Name}\" not found" : Waiting(pod, container, runner));
        context.Response.ContentType = "text/plain";
        started();
        await new LogReader(context, source, faults, cut).RunAsync();
    }

    private static string Waiting(StoredObject pod, string container, ContainerRunner? runner) =>
        $"container \"{container}\" in pod \"{pod.Name}\" is waiting to start: {(runner?.WaitingReason is "ErrImagePull" or "ImagePullBackOff" ? "trying and failing to pull image" : runner?.WaitingReason ?? "ContainerCreating")}";

    private static string ContainerOf(StoredObject pod, string? asked)
    {
        var all = pod.Json.Objects("spec", "containers").Select(c => c.Text("name")!).ToList();
        var init = pod.Json.Objects("spec", "initContainers").Select(c => c.Text("name")!).ToList();
        if (string.IsNullOrEmpty(asked))
        {
            return all.Count == 1 ? all[0] : throw ApiException.BadRequest($"a container name must be specified for pod {pod.Name}, choose one of: [{string.Join(' ', all)}]" + (init.Count > 0 ? $" or one of the init containers: [{string.Join(' ', init)}]" : ""));
        }
        return all.Contains(asked) || init.Contains(asked) ? asked : throw ApiException.BadRequest($"container {asked} is not valid for pod {pod.Name}");
    }

    internal static bool IsTrue(string? text) => text is "true" or "True" or "1";

    /// <summary>Data and error channels of the ports asked for, as the WebSocket form of port-forward has them.</summary>
    public async Task PortForwardAsync(HttpContext context, StoredObject pod)
    {
        if (!context.WebSockets.IsWebSocketRequest)
            throw ApiException.BadRequest("you must specify at least 1 port: an upgrade to a WebSocket is needed");
        if (pod.Json.Text("status", "phase") != "Running" || agent.Find(pod.Uid) is not { } runner)
            throw ApiException.BadRequest($"unable to forward port because pod is not running. Current status={pod.Json.Text("status", "phase")}");
        var ports = context.Request.Query["ports"].SelectMany(p => p!.Split(',')).Select(int.Parse).ToList();
        var socket = await context.WebSockets.AcceptWebSocketAsync(context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault());
        using var forward = new PortForward(socket, runner, ports);
        await forward.RunAsync(context.RequestAborted);
    }

    /// <summary>What metrics.k8s.io answers.</summary>
    public JsonObject Measured(ResourceType type, string? place, string name, LabelSelector labels)
    {
        var items = type == ResourceCatalog.PodMeasures ? Pods(place, labels) : Nodes();
        if (name.Length == 0)
            return new JsonObject { ["kind"] = type.ListKind, ["apiVersion"] = type.ApiVersion, ["metadata"] = new JsonObject(), ["items"] = new JsonArray([.. items]) };
        return items.FirstOrDefault(i => i.Text("metadata", "name") == name) ?? throw ApiException.NotFound(type, name);
    }

    private IEnumerable<JsonObject> Pods(string? place, LabelSelector labels)
    {
        foreach (var pod in agent.Pods.Where(p => (place is null || p.Namespace == place) && labels.Matches(p.Labels)))
        {
            var running = pod.Containers.Where(c => c.State.At("running") is not null && c.Program is not null).ToList();
            if (running.Count == 0)
                continue;
            yield return new JsonObject
            {
                ["kind"] = "PodMetrics",
                ["apiVersion"] = "metrics.k8s.io/v1beta1",
                ["metadata"] = Named(pod.Name, pod.Namespace, pod.Labels),
                ["timestamp"] = JsonReading.Stamp(core.Now),
                ["window"] = "15.3s",
                ["containers"] = new JsonArray([.. running.Select(c => (JsonNode)new JsonObject { ["name"] = c.Name, ["usage"] = Usage(c.Program!.UsedCores, c.Program.UsedBytes) })]),
            };
        }
    }

    private IEnumerable<JsonObject> Nodes()
    {
        foreach (var node in core.Store.List(ResourceCatalog.Nodes))
        {
            var running = agent.Pods.Where(p => p.Node == node.Name).SelectMany(p => p.Containers).Where(c => c.State.At("running") is not null && c.Program is not null).ToList();
            yield return new JsonObject
            {
                ["kind"] = "NodeMetrics",
                ["apiVersion"] = "metrics.k8s.io/v1beta1",
                ["metadata"] = Named(node.Name, null, node.Labels),
                ["timestamp"] = JsonReading.Stamp(core.Now),
                ["window"] = "15.3s",
                ["usage"] = Usage(running.Sum(c => c.Program!.UsedCores), running.Sum(c => c.Program!.UsedBytes)),
            };
        }
    }

    private JsonObject Named(string name, string? place, IReadOnlyDictionary<string, string> labels)
    {
        var metadata = new JsonObject { ["name"] = name, ["creationTimestamp"] = JsonReading.Stamp(core.Now), ["labels"] = new JsonObject([.. labels.Select(l => KeyValuePair.Create(l.Key, (JsonNode?)l.Value))]) };
        if (place is not null)
            metadata["namespace"] = place;
        return metadata;
    }

    private static JsonObject Usage(double cores, long bytes) => new() { ["cpu"] = ((long)(cores * 1e9)).ToString(CultureInfo.InvariantCulture) + "n", ["memory"] = (bytes / 1024).ToString(CultureInfo.InvariantCulture) + "Ki" };
}

/// <summary>Writes a container's log as the query asks for it.</summary>
internal sealed class LogReader(HttpContext context, ContainerLog log, ClusterFaults faults, bool cut)
{
    public async Task RunAsync()
    {
        var query = context.Request.Query;
        var follow = PodStreams.IsTrue(query["follow"]);
        var (lines, _, _) = log.From(0);
        var next = lines.Count > 0 ? lines[^1].Number + 1 : 0;
        long left = long.TryParse(query["limitBytes"], out var limit) ? limit : long.MaxValue;
        // As from the real one, a log that is followed is not even begun to be answered before there is a line of it.
        if (!follow)
            await context.Response.StartAsync(context.RequestAborted);
        foreach (var line in Chosen(lines, query))
        {
            if (!await WriteAsync(line, Take, PodStreams.IsTrue(query["timestamps"])))
                return;
        }
        if (context.Response.HasStarted)
            await context.Response.Body.FlushAsync(context.RequestAborted);
        if (!follow)
            return;
        var dropped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        faults.Opened(dropped);
        try
        {
            await FollowAsync(next, () => left > 0, Take, dropped.Task);
        }
        finally
        {
            faults.Closed(dropped);
        }

        int Take(int wanted)
        {
            var taken = (int)Math.Min(wanted, left);
            left -= taken;
            return taken;
        }
    }

    private async Task FollowAsync(long next, Func<bool> hasRoom, Func<int, int> take, Task dropped)
    {
        var stamps = PodStreams.IsTrue(context.Request.Query["timestamps"]);
        while (hasRoom())
        {
            if (dropped.IsCompleted)
            {
                context.Abort();
                return;
            }
            var (lines, isEnded, changed) = log.From(next);
            foreach (var line in lines)
            {
                next = line.Number + 1;
                if (faults.StreamDelay > TimeSpan.Zero)
                    await Task.Delay(faults.StreamDelay, context.RequestAborted);
                if (!await WriteAsync(line, take, stamps))
                    return;
            }
            if (lines.Count > 0)
                await context.Response.Body.FlushAsync(context.RequestAborted);
            else if (isEnded)
                return;
            else
                await Task.WhenAny(changed, dropped).WaitAsync(context.RequestAborted);
        }
    }

    private static IEnumerable<LogEntry> Chosen(IReadOnlyList<LogEntry> lines, IQueryCollection query)
    {
        var since = DateTimeOffset.MinValue;
        if (DateTimeOffset.TryParse(query["sinceTime"], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var instant))
            since = instant;
        else if (long.TryParse(query["sinceSeconds"], out var seconds))
            since = TimeProvider.System.GetUtcNow().AddSeconds(-seconds);
        var chosen = lines.Where(l => l.At >= since).ToList();
        return int.TryParse(query["tailLines"], out var tail) ? chosen.Skip(Math.Max(0, chosen.Count - tail)) : chosen;
    }

    private async Task<bool> WriteAsync(LogEntry line, Func<int, int> take, bool stamps)
    {
        byte[] text = stamps ? [.. Encoding.ASCII.GetBytes(line.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z '", CultureInfo.InvariantCulture)), .. line.Text, (byte)'\n'] : [.. line.Text, (byte)'\n'];
        var length = take(text.Length);
        if (cut)
        {
            await context.Response.Body.WriteAsync(text.AsMemory(0, length / 2), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
            return false;
        }
        await context.Response.Body.WriteAsync(text.AsMemory(0, length), context.RequestAborted);
        return length == text.Length;
    }
}
