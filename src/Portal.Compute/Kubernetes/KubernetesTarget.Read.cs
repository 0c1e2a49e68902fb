using System.Net;
using System.Net.Sockets;
using k8s;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes;

public sealed partial class KubernetesTarget
{
    public Task<LogSlice> ReadLogAsync(Guid allocationId, long cursor, int maxBytes, CancellationToken cancellationToken) => GuardAsync("read the log", () =>
        FromLogAsync(allocationId, new LogSlice([], cursor, false), (pod, end) => ClusterLog.ReadAsync(_api, pod, cursor, maxBytes, end, cancellationToken), cancellationToken), cancellationToken);

    public Task<LogSlice> ReadLogTailAsync(Guid allocationId, int lines, CancellationToken cancellationToken) => GuardAsync("read the log", () =>
        FromLogAsync(allocationId, new LogSlice([], 0, false), (pod, end) => ClusterLog.TailAsync(_api, pod, lines, end, cancellationToken), cancellationToken), cancellationToken);

    public Task<Stream> ConnectAsync(Guid allocationId, CancellationToken cancellationToken) => GuardAsync("reach the program", async () =>
    {
        if (await FindAsync(allocationId, cancellationToken) is not var (place, _)) throw new ComputeTargetException(FailureClass.Lost, $"The program does not run on {Name}.");
        var pods = await PodsAsync(place, allocationId, cancellationToken);
        var pod = pods.FirstOrDefault(p => p is { Deleting: false, ReadySince: not null, Address: not null }) ?? throw new ComputeTargetException(FailureClass.Lost, $"No pod of the program answers on {Name}.");
        return await ReachAsync(pod, cancellationToken);
    }, cancellationToken);

    private async Task<Stream> ReachAsync(PodFacts pod, CancellationToken cancellationToken) => _options.Reach == ClusterReach.Direct ? await DirectAsync(pod, cancellationToken) : await ForwardAsync(pod, cancellationToken);

    private static async Task<Stream> DirectAsync(PodFacts pod, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(pod.Address!), pod.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<Stream> ForwardAsync(PodFacts pod, CancellationToken cancellationToken)
    {
        var socket = await _api.Client.WebSocketNamespacedPodPortForwardAsync(pod.Name, pod.Namespace, [pod.Port], WebSocketProtocol.V4BinaryWebsocketProtocol, cancellationToken: cancellationToken);
        return new ForwardedStream(socket);
    }

    private async Task<LogSlice> FromLogAsync(Guid allocationId, LogSlice none, Func<PodFacts, long?, Task<LogSlice>> read, CancellationToken cancellationToken)
    {
        if (await FindAsync(allocationId, cancellationToken) is not var (place, main)) return none;
        var pods = await PodsAsync(place, allocationId, cancellationToken);
        // Of several replicas it is the one that came last.
        if (pods.OrderByDescending(p => p.RunningSince ?? p.Ended?.At ?? DateTimeOffset.MinValue).FirstOrDefault() is not { } pod || (pod.RunningSince is null && pod.Ended is null)) return none;
        var seen = Verdict.Of(main, pods, null);
        try
        {
            return await read(pod, pod.IsOver ? ClusterLog.EndOf(main, pods, seen, _time.GetUtcNow()) : null);
        }
        catch (ApiException gone) when (gone.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest)
        {
            // The pod went between two calls, or its container is not begun yet.
            return none;
        }
    }
}
