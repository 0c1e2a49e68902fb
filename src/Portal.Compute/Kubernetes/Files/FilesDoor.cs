using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Serialization;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Files;

/// <summary>Asks a <see cref="FilesJob"/>'s pod for files.</summary>
/// <param name="connect">A connection to the pod's port.</param>
internal sealed class FilesDoor(Func<CancellationToken, Task<Stream>> connect, string token) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { ConnectCallback = async (_, cancellationToken) => await connect(cancellationToken), UseProxy = false, AllowAutoRedirect = false })
    {
        BaseAddress = new Uri("http://files/"), Timeout = Timeout.InfiniteTimeSpan, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) },
    };

    public async Task<IReadOnlyList<ArtifactEntry>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await _http.GetFromJsonAsync<List<Entry>>("", cancellationToken) ?? []).Select(e => new ArtifactEntry(e.Path, e.Size, DateTimeOffset.UnixEpoch.AddSeconds(e.Modified)))];

    /// <summary>Null when there is no such file. The stream holds the connection.</summary>
    public async Task<Stream?> OpenAsync(string path, CancellationToken cancellationToken)
    {
        var answer = await _http.GetAsync(Escaped(path), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.NotFound) return null;
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStreamAsync(cancellationToken);
    }

    public async Task WriteAsync(string path, Stream content, long size, CancellationToken cancellationToken)
    {
        using var body = new StreamContent(content) { Headers = { ContentLength = size } };
        using var answer = await _http.PutAsync(Escaped(path), body, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose() => _http.Dispose();

    private static Uri Escaped(string path) => new(string.Join('/', path.Split('/').Select(part => part is "." or ".." ? "%2E%2E" : Uri.EscapeDataString(part))), UriKind.Relative);

    private sealed record Entry([property: JsonPropertyName("path")] string Path, [property: JsonPropertyName("size")] long Size, [property: JsonPropertyName("modified")] double Modified);
}
