using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Programs;

namespace Portal.Testing.Kubernetes.Nodes;

/// <summary>Asks a container's port whether it is ready or alive.</summary>
internal static class ContainerProbes
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.Zero }) { Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>Is there something that can be asked? Commands are never run: they count as fine.</summary>
    public static bool CanAsk(ClusterProgram program, JsonNode probe) => (probe.At("httpGet") ?? probe.At("tcpSocket")) is not null && program.OpensDoors;

    /// <summary>Waits until the probe has succeeded as often as it must.</summary>
    public static async Task UntilAsync(PodRunner pod, ContainerRun run, JsonNode probe, CancellationToken over)
    {
        var needed = probe.Number("successThreshold") ?? 1;
        await Task.Delay(pod.Options.Seconds(probe.Number("initialDelaySeconds") ?? 0), over);
        for (var successes = 0L; successes < needed;)
        {
            var problem = await AskAsync(run, probe, over);
            successes = problem is null ? successes + 1 : 0;
            if (problem is not null)
                pod.Event("Warning", "Unhealthy", $"Readiness probe failed: {problem}");
            if (successes < needed)
                await Task.Delay(Period(pod, probe), over);
        }
    }

    /// <summary>Waits until the probe has failed as often as it may.</summary>
    /// <returns>False when the container ended first.</returns>
    public static async Task<bool> FailsAsync(PodRunner pod, ContainerRun run, JsonNode probe, Func<bool> isStarted, CancellationToken over)
    {
        try
        {
            await Task.Delay(pod.Options.Seconds(probe.Number("initialDelaySeconds") ?? 0), over);
            for (var failures = 0L; failures < (probe.Number("failureThreshold") ?? 3);)
            {
                await Task.Delay(Period(pod, probe), over);
                var problem = isStarted() ? await AskAsync(run, probe, over) : null;
                failures = problem is null ? 0 : failures + 1;
                if (problem is not null)
                    pod.Event("Warning", "Unhealthy", $"Liveness probe failed: {problem}");
            }
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static TimeSpan Period(PodRunner pod, JsonNode probe) => pod.Options.Seconds(probe.Number("periodSeconds") ?? 10);

    private static async Task<string?> AskAsync(ContainerRun run, JsonNode probe, CancellationToken over)
    {
        var handler = (probe.At("httpGet") ?? probe.At("tcpSocket"))!;
        if (PodAddresses.Port(run, handler.At("port")) is not { } port || !run.Doors.TryGetValue(port, out var door))
            return "dial tcp: connect: connection refused";
        try
        {
            if (probe.At("httpGet") is null)
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(door, over);
                return null;
            }
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"http://{door}{(handler.Text("path") ?? "/")}"));
            foreach (var header in handler.Objects("httpHeaders"))
                request.Headers.TryAddWithoutValidation(header.Text("name") ?? "", header.Text("value"));
            using var answer = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, over);
            return answer.StatusCode is >= HttpStatusCode.OK and < HttpStatusCode.BadRequest ? null : $"HTTP probe failed with statuscode: {(int)answer.StatusCode}";
        }
        catch (Exception problem) when (problem is HttpRequestException or SocketException or TaskCanceledException && !over.IsCancellationRequested)
        {
            return $"Get \"http://{door}{handler.Text("path")}\": dial tcp {door}: connect: connection refused";
        }
    }
}

/// <summary>Finds where a pod's ports are.</summary>
internal static class PodAddresses
{
    /// <summary>A port by number or by the container's name for it.</summary>
    public static int? Port(ContainerRun run, JsonNode? port) => port.Number() is { } number ? (int)number : port.Text() is { } name ? run.PortNames.GetValueOrDefault(name) is > 0 and var named ? named : null : null;
}
