using System.Net;
using System.Net.Sockets;
using k8s;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes;

public sealed partial class KubernetesTarget
{
    public Task<Stream> ConnectAsync(Guid allocationId, CancellationToken cancellationToken) => GuardAsync("reach the program", async () =>
    {
        if (await FindAsync(allocationId, cancellationToken) is not var (place, _)) throw new ComputeTargetException(FailureClass.Lost, $"The program does not run on {Name}.");
        var pods = await PodsAsync(place, allocationId, cancellationToken);
        var answering = pods.Where(p => p is { Deleting: false, ReadySince: not null, Address: not null }).ToList();
        // Of several replicas any: connections spread by chance.
        var pod = answering.Count > 0 ? answering[Random.Shared.Next(answering.Count)] : throw new ComputeTargetException(FailureClass.Lost, $"No pod of the program answers on {Name}.");
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
}
