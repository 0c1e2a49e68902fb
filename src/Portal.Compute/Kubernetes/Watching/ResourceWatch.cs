using System.Net;
using System.Text.Json;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Portal.Compute.Kubernetes.Api;

namespace Portal.Compute.Kubernetes.Watching;

/// <summary>What a watch tells. Calls come one after the other.</summary>
/// <typeparam name="T">The kind of object.</typeparam>
internal interface IWatchSink<in T>
{
    /// <summary>This is all there is now; whatever was known before and is not among it is gone.</summary>
    void Replace(IReadOnlyList<T> items);

    /// <summary>New or changed.</summary>
    void Put(T item);

    void Remove(T item);

    /// <summary>Whether what was told is the present state; false while the server cannot be heard.</summary>
    /// <param name="reason">Why not, for people.</param>
    void SetCurrent(bool current, string? reason);
}

/// <summary>
/// One kind of object, listed once and then watched. The list is read anew when the server has forgotten the version that was seen last (410); a connection that drops, or says nothing for long, goes on from where it was.
/// </summary>
internal sealed partial class ResourceWatch<T>(ClusterApi api, ResourceKind kind, string selector, IWatchSink<T> sink, ClusterOptions options, TimeProvider time, ILogger logger)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private const int PageSize = 500;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(20);

    /// <summary>Runs until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        string? version = null;
        for (var failures = 0; ;)
        {
            try
            {
                version ??= await ListAsync(cancellationToken);
                await FollowAsync(version, seen => (version, failures) = (seen, 0), cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (ApiException gone) when (gone.Status == HttpStatusCode.Gone)
            {
                LogGone(logger, kind.Plural);
                version = null;
            }
            catch (Exception exception)
            {
                // Whatever it was: a watch that ended would leave the cluster unseen until the portal is started again.
                sink.SetCurrent(false, ApiFailure.Words(exception));
                LogBroken(logger, kind.Plural, exception.Message);
                await Task.Delay(Wait(++failures, exception), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private static TimeSpan Wait(int failures, Exception exception)
    {
        if (exception is ApiException { RetryAfter: { } asked }) return asked < LongestWait ? asked : LongestWait;
        var wait = TimeSpan.FromMilliseconds(100 * Math.Pow(2, Math.Min(failures, 10) - 1) * (0.5 + Random.Shared.NextDouble()));
        return wait < LongestWait ? wait : LongestWait;
    }

    private async Task<string> ListAsync(CancellationToken cancellationToken)
    {
        List<T> all = [];
        ListPage<T> page;
        string? next = null;
        do
        {
            page = await api.ListAsync<T>(kind, null, selector, PageSize, next, cancellationToken);
            all.AddRange(page.Items);
            next = page.Metadata.ContinueProperty;
        }
        while (!string.IsNullOrEmpty(next));
        sink.Replace(all);
        return page.Metadata.ResourceVersion;
    }

    /// <summary>Returns when the server ends the watch, as it does after some minutes.</summary>
    private async Task FollowAsync(string version, Action<string> seen, CancellationToken cancellationToken)
    {
        using var answer = await api.OpenAsync($"{kind.Path(null)}?watch=1&allowWatchBookmarks=true&resourceVersion={Uri.EscapeDataString(version)}&{kind.Selecting(selector)}", cancellationToken);
        sink.SetCurrent(true, null);
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        using var reader = new StreamReader(body);
        while (await LineAsync(reader, cancellationToken) is { } line)
        {
            using var document = JsonDocument.Parse(line);
            var (type, item) = (document.RootElement.GetProperty("type").GetString(), document.RootElement.GetProperty("object"));
            if (type == "ERROR")
            {
                var status = KubernetesJson.Deserialize<V1Status>(item);
                throw new ApiException((HttpStatusCode)(status.Code ?? 500), status, "The watch ended with an error.", null);
            }
            seen(item.GetProperty("metadata").GetProperty("resourceVersion").GetString()!);
            if (type is "ADDED" or "MODIFIED") sink.Put(KubernetesJson.Deserialize<T>(item));
            else if (type == "DELETED") sink.Remove(KubernetesJson.Deserialize<T>(item));
        }
    }

    private async Task<string?> LineAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        silence.CancelAfter(options.WatchSilence);
        try
        {
            return await reader.ReadLineAsync(silence.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"The watch said nothing for {options.WatchSilence.TotalSeconds:0} s.", exception);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The server no longer knows the version of {Resource} that was seen last; they are listed again")]
    private static partial void LogGone(ILogger logger, string resource);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The watch of {Resource} broke ({Reason}); it goes on")]
    private static partial void LogBroken(ILogger logger, string resource, string reason);
}
