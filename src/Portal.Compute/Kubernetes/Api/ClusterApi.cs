using System.Net;
using System.Net.Http.Headers;
using System.Text;
using k8s;
using k8s.Models;

namespace Portal.Compute.Kubernetes.Api;

/// <summary>
/// The few calls the portal makes of an API server, for any kind of object: apply, read, list, change, delete. Fields that the server does not know are errors. Calls that fail for a passing reason are repeated a few times, as
/// each of them may be: applying, reading and deleting twice is doing it once.
/// </summary>
internal sealed class ClusterApi(ClusterClient clients, ClusterOptions options, TimeProvider time) : IDisposable
{
    private const int Tries = 4;
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    /// <summary>The client itself, for streams.</summary>
    public k8s.Kubernetes Client => clients.Current;

    /// <summary>Makes an object be as it says, as the owner of the fields it names; what others changed of them is changed back.</summary>
    public Task ApplyAsync(IKubernetesObject<V1ObjectMeta> item, CancellationToken cancellationToken)
    {
        var path = ResourceKind.Of(item).Path(item.Metadata.NamespaceProperty, item.Metadata.Name);
        return SendAsync<object>(HttpMethod.Patch, $"{path}?fieldManager={Objects.ClusterNames.Manager}&force=true&fieldValidation=Strict", KubernetesJson.Serialize(item), "application/apply-patch+yaml", cancellationToken);
    }

    /// <summary>Makes an object unless there is one of the name; true when it was made.</summary>
    public async Task<bool> CreateAsync(IKubernetesObject<V1ObjectMeta> item, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync<object>(HttpMethod.Post, $"{ResourceKind.Of(item).Path(item.Metadata.NamespaceProperty)}?fieldManager={Objects.ClusterNames.Manager}&fieldValidation=Strict", KubernetesJson.Serialize(item), "application/json", cancellationToken);
            return true;
        }
        catch (ApiException refused) when (refused is { Status: HttpStatusCode.Conflict, Reason: "AlreadyExists" })
        {
            return false;
        }
    }

    /// <summary>Null when there is none.</summary>
    public async Task<T?> FindAsync<T>(ResourceKind kind, string? space, string name, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await SendAsync<T>(HttpMethod.Get, kind.Path(space, name), null, null, cancellationToken);
        }
        catch (ApiException refused) when (refused.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>The same of a kind that is only known while it runs.</summary>
    public async Task<IKubernetesObject<V1ObjectMeta>?> FindAsync(ResourceKind kind, string? space, string name, CancellationToken cancellationToken) => kind.Kind switch
    {
        "Namespace" => await FindAsync<V1Namespace>(kind, space, name, cancellationToken),
        "ServiceAccount" => await FindAsync<V1ServiceAccount>(kind, space, name, cancellationToken),
        "LimitRange" => await FindAsync<V1LimitRange>(kind, space, name, cancellationToken),
        "ResourceQuota" => await FindAsync<V1ResourceQuota>(kind, space, name, cancellationToken),
        "NetworkPolicy" => await FindAsync<V1NetworkPolicy>(kind, space, name, cancellationToken),
        "PersistentVolumeClaim" => await FindAsync<V1PersistentVolumeClaim>(kind, space, name, cancellationToken),
        "Secret" => await FindAsync<V1Secret>(kind, space, name, cancellationToken),
        "Service" => await FindAsync<V1Service>(kind, space, name, cancellationToken),
        "Job" => await FindAsync<V1Job>(kind, space, name, cancellationToken),
        "StatefulSet" => await FindAsync<V1StatefulSet>(kind, space, name, cancellationToken),
        "Deployment" => await FindAsync<V1Deployment>(kind, space, name, cancellationToken),
        "HorizontalPodAutoscaler" => await FindAsync<V2HorizontalPodAutoscaler>(kind, space, name, cancellationToken),
        "PodDisruptionBudget" => await FindAsync<V1PodDisruptionBudget>(kind, space, name, cancellationToken),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind.Kind, "No model of the kind is read."),
    };

    /// <summary>Changes some fields by a JSON merge patch; null when there is no such object.</summary>
    /// <param name="patch">JSON text; a <c>resourceVersion</c> in its metadata makes it hold only for that version.</param>
    public async Task<T?> MergeAsync<T>(ResourceKind kind, string? space, string name, string patch, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return await SendAsync<T>(HttpMethod.Patch, $"{kind.Path(space, name)}?fieldManager={Objects.ClusterNames.Manager}&fieldValidation=Strict", patch, "application/merge-patch+json", cancellationToken);
        }
        catch (ApiException refused) when (refused.Status == HttpStatusCode.NotFound)
        {
            return null;
        }
    }

    /// <summary>Deletes an object and, first, what belongs to it; false when there is none.</summary>
    public async Task<bool> DeleteAsync(ResourceKind kind, string? space, string name, TimeSpan? grace, CancellationToken cancellationToken)
    {
        var body = KubernetesJson.Serialize(new V1DeleteOptions { ApiVersion = "v1", Kind = "DeleteOptions", PropagationPolicy = "Foreground", GracePeriodSeconds = grace is { } time ? (long)Math.Ceiling(time.TotalSeconds) : null });
        try
        {
            await SendAsync<object>(HttpMethod.Delete, kind.Path(space, name), body, "application/json", cancellationToken);
            return true;
        }
        catch (ApiException refused) when (refused.Status == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>One page of a list.</summary>
    public Task<ListPage<T>> ListAsync<T>(ResourceKind kind, string? space, string selector, int limit, string? next, CancellationToken cancellationToken) =>
        SendAsync<ListPage<T>>(HttpMethod.Get, $"{kind.Path(space)}?{kind.Selecting(selector)}&limit={limit}{(next is null ? "" : $"&continue={Uri.EscapeDataString(next)}")}", null, null, cancellationToken);

    /// <summary>Whether the server has a group of kinds, such as <c>metrics.k8s.io</c>.</summary>
    public async Task<bool> HasGroupAsync(string group, CancellationToken cancellationToken)
    {
        try
        {
            await SendAsync<object>(HttpMethod.Get, $"apis/{group}", null, null, cancellationToken);
            return true;
        }
        catch (ApiException refused) when (refused.Status == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>An answer whose body is still coming: a watch or a log. The caller disposes it.</summary>
    public Task<HttpResponseMessage> OpenAsync(string path, CancellationToken cancellationToken) => WithClientAsync(async client =>
    {
        using var request = await RequestAsync(client, HttpMethod.Get, path, null, null, cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.CallTimeout);
        var answer = await WithinAsync(token => client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), limit.Token, cancellationToken);
        if (answer.IsSuccessStatusCode) return answer;
        using (answer) throw await ApiFailure.ReadAsync(answer, cancellationToken);
    });

    /// <summary>The same of a log that is followed: its answer begins with its first line, however long that takes.</summary>
    public Task<HttpResponseMessage> OpenPatientlyAsync(string path, CancellationToken cancellationToken) => WithClientAsync(async client =>
    {
        using var request = await RequestAsync(client, HttpMethod.Get, path, null, null, cancellationToken);
        var answer = await client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        if (answer.IsSuccessStatusCode) return answer;
        using (answer) throw await ApiFailure.ReadAsync(answer, cancellationToken);
    });

    public void Dispose() => clients.Dispose();

    /// <summary>Asks once more where the server, its certificate or its credentials were wrong and the kubeconfig now has others.</summary>
    private async Task<T> WithClientAsync<T>(Func<k8s.Kubernetes, Task<T>> ask)
    {
        var client = clients.Current;
        try
        {
            return await ask(client);
        }
        catch (Exception exception) when (ApiFailure.IsOfTheWayIn(exception))
        {
            if (!clients.Renew(client)) throw;
        }
        return await ask(clients.Current);
    }

    private async Task<T> SendAsync<T>(HttpMethod method, string path, string? body, string? type, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await WithClientAsync(client => OnceAsync<T>(client, method, path, body, type, cancellationToken));
            }
            catch (Exception exception) when (attempt < Tries && ApiFailure.IsPassing(exception))
            {
                var wait = (exception as ApiException)?.RetryAfter ?? TimeSpan.FromMilliseconds(100 * Math.Pow(3, attempt - 1) * (0.5 + Random.Shared.NextDouble()));
                await Task.Delay(wait < LongestWait ? wait : LongestWait, time, cancellationToken);
            }
        }
    }

    private async Task<T> OnceAsync<T>(k8s.Kubernetes client, HttpMethod method, string path, string? body, string? type, CancellationToken cancellationToken)
    {
        using var request = await RequestAsync(client, method, path, body, type, cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.CallTimeout);
        return await WithinAsync(async token =>
        {
            using var answer = await client.HttpClient.SendAsync(request, HttpCompletionOption.ResponseContentRead, token);
            if (!answer.IsSuccessStatusCode) throw await ApiFailure.ReadAsync(answer, token);
            return KubernetesJson.Deserialize<T>(await answer.Content.ReadAsStringAsync(token));
        }, limit.Token, cancellationToken);
    }

    private async Task<T> WithinAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken limit, CancellationToken cancellationToken)
    {
        try
        {
            return await call(limit);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"No answer within {options.CallTimeout.TotalSeconds:0.#} s.", exception);
        }
    }

    private static async Task<HttpRequestMessage> RequestAsync(k8s.Kubernetes client, HttpMethod method, string path, string? body, string? type, CancellationToken cancellationToken)
    {
        // An address may have a path of its own, as behind a gateway of many clusters.
        var request = new HttpRequestMessage(method, new Uri(new Uri(client.BaseUri.AbsoluteUri.TrimEnd('/') + "/"), path)) { Version = client.HttpClient.DefaultRequestVersion, VersionPolicy = client.HttpClient.DefaultVersionPolicy };
        if (body is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type!);
        }
        if (client.Credentials is { } credentials) await credentials.ProcessHttpRequestAsync(request, cancellationToken);
        return request;
    }
}

/// <summary>One page of a list of objects.</summary>
internal sealed record ListPage<T>
{
    [System.Text.Json.Serialization.JsonPropertyName("metadata")]
    public V1ListMeta Metadata { get; init; } = new();

    [System.Text.Json.Serialization.JsonPropertyName("items")]
    public IReadOnlyList<T> Items { get; init; } = [];
}
