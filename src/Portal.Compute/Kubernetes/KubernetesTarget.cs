using Microsoft.Extensions.Logging;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Logs;
using Portal.Compute.Kubernetes.Use;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes;

/// <summary>
/// A cluster as a compute target. All state is in the cluster: objects named and labelled by allocation, so that any process of the portal finds what another one made. Questions about one allocation are asked of the API
/// server; those about all of them are answered from watches, which cost nothing while nothing changes.
/// </summary>
public sealed partial class KubernetesTarget : IWatchedTarget, IAsyncDisposable
{
    private readonly ClusterOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<KubernetesTarget> _logger;
    private readonly ClusterApi _api;
    private readonly Lock _gate = new();
    private ClusterView? _view;

    public KubernetesTarget(string name, ClusterOptions options, TimeProvider time, ILogger<KubernetesTarget> logger)
    {
        (Name, _options, _time, _logger) = (name, options, time, logger);
        _api = new ClusterApi(new ClusterClient(options, logger), options, time);
        _nodes = new NodeBook(name, _api, time);
        (_follows, _kept) = (new LogFollows(_api, options, StillRunsAsync, time, logger), new LogKeeper(_api, StillRunsAsync, time, logger));
        _use = new PodUse(_api, options, time, logger);
    }

    public string Name { get; }

    public async ValueTask DisposeAsync()
    {
        ClusterView? view;
        lock (_gate) view = _view;
        if (view is not null) await view.DisposeAsync();
        await _follows.DisposeAsync();
        await _kept.DisposeAsync();
        await _use.DisposeAsync();
        _api.Dispose();
        _nodes.Dispose();
    }

    /// <summary>Begun when somebody first asks for everything: of several processes only the one that observes does.</summary>
    private ClusterView View()
    {
        lock (_gate) return _view ??= new ClusterView(_api, _options, _time, _logger);
    }

    /// <summary>Lets nothing but <see cref="ComputeTargetException"/> and cancellation out.</summary>
    private async Task<T> GuardAsync<T>(string what, Func<Task<T>> action, CancellationToken cancellationToken)
    {
        try
        {
            return await action();
        }
        catch (Exception exception) when (exception is not ComputeTargetException && !(exception is OperationCanceledException && cancellationToken.IsCancellationRequested))
        {
            var failure = ApiFailure.Of(Name, what, exception);
            LogFailed(_logger, Name, what, failure.Message);
            throw failure;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Cluster} could not {What}: {Reason}")]
    private static partial void LogFailed(ILogger logger, string cluster, string what, string reason);
}
