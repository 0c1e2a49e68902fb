using System.Text.Json;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Application.Compute;

/// <summary>What was found out about a workload's use.</summary>
/// <param name="At">When it was last in use; null: not that anybody knows.</param>
/// <param name="What">What counted, in words for people.</param>
public sealed record Activity(DateTimeOffset? At, string? What);

/// <summary>Thrown when activity could not be found out; nothing is concluded from it.</summary>
public sealed class ProbeFailedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Asks a Jupyter server for its kernels and terminals, without counting as activity itself.</summary>
internal static class JupyterProbe
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A busy kernel is in use now; otherwise the latest sign of life of a kernel or terminal counts. An open page does not: a forgotten tab is no work.
    /// </summary>
    /// <param name="basePath">The path it is served under, with a slash at both ends.</param>
    public static async Task<Activity> AskAsync(IComputeTarget target, Guid allocationId, string basePath, string credential, DateTimeOffset now, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectCallback = async (_, token) => await target.ConnectAsync(allocationId, token) };
        using var client = new HttpClient(handler) { BaseAddress = new Uri("http://workload" + basePath) };
        client.DefaultRequestHeaders.Authorization = PortCredential.Header("token", credential);
        try
        {
            var kernels = await ReadAsync(client, "api/kernels?no_track_activity=1", limit.Token);
            var terminals = await ReadAsync(client, "api/terminals?no_track_activity=1", limit.Token);
            return Latest([.. kernels.Select(k => Kernel(k, now)), .. terminals.Select(Terminal)]);
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or ComputeTargetException or IOException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new ProbeFailedException($"Jupyter could not be asked what it does: {(exception is OperationCanceledException ? $"no answer within {Patience.TotalSeconds} s" : exception.Message)}", exception);
        }
    }

    private static async Task<List<JsonElement>> ReadAsync(HttpClient client, string path, CancellationToken cancellationToken)
    {
        using var response = await client.GetAsync(path, cancellationToken);
        response.EnsureSuccessStatusCode();
        var list = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync(cancellationToken));
        return list.ValueKind == JsonValueKind.Array ? [.. list.EnumerateArray()] : throw new JsonException($"{path} answered no list.");
    }

    private static Activity Kernel(JsonElement kernel, DateTimeOffset now) =>
        kernel.TryGetProperty("execution_state", out var state) && state.GetString() == "busy" ? new Activity(now, "a kernel is computing") : new Activity(LastOf(kernel), "a kernel was used");

    private static Activity Terminal(JsonElement terminal) => new(LastOf(terminal), $"terminal {(terminal.TryGetProperty("name", out var name) ? name.ToString() : "")} was used".Replace("  ", " ", StringComparison.Ordinal));

    private static DateTimeOffset? LastOf(JsonElement thing) => thing.TryGetProperty("last_activity", out var at) && at.TryGetDateTimeOffset(out var instant) ? instant.ToUniversalTime() : null;

    private static Activity Latest(IReadOnlyList<Activity> found) => found.Where(a => a.At is not null).MaxBy(a => a.At) ?? new Activity(null, null);
}
