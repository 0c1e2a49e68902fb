using k8s;
using Microsoft.Extensions.Logging;

namespace Portal.Compute.Kubernetes.Api;

/// <summary>The vendor's client, opened anew once its kubeconfig says something else: tokens run out and clusters get other certificates while the portal runs.</summary>
internal sealed partial class ClusterClient : IDisposable
{
    private readonly ClusterOptions _options;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private string? _text;
    private k8s.Kubernetes _current;
    private k8s.Kubernetes? _former;

    public ClusterClient(ClusterOptions options, ILogger logger)
    {
        (_options, _logger) = (options, logger);
        _text = Text();
        _current = Open();
    }

    /// <summary>The client to use for the next call.</summary>
    public k8s.Kubernetes Current
    {
        get { lock (_gate) return _current; }
    }

    /// <summary>Reads the kubeconfig again after a client was turned away; true when there is another client to try.</summary>
    public bool Renew(k8s.Kubernetes refused)
    {
        lock (_gate)
        {
            if (!ReferenceEquals(refused, _current)) return true;
            try
            {
                // A service account's token is read again by the vendor's client itself.
                if (_options.InCluster || Text() is not { } text || text == _text) return false;
                var renewed = Open();
                // What still streams over the one before may end; over the one before that it has had its time.
                _former?.Dispose();
                (_former, _current, _text) = (_current, renewed, text);
            }
            catch (Exception exception)
            {
                // A file may be seen while it is written; the vendor's reader meets an empty one with a NullReferenceException.
                LogUnreadable(_logger, _options.Kubeconfig!, exception.Message);
                return false;
            }
        }
        LogRenewed(_logger, _options.Kubeconfig!);
        return true;
    }

    public void Dispose()
    {
        _former?.Dispose();
        _current.Dispose();
    }

    private string? Text() => _options.InCluster ? null : File.ReadAllText(_options.Kubeconfig!);

    private k8s.Kubernetes Open()
    {
        var configuration = _options.InCluster ? KubernetesClientConfiguration.InClusterConfig() : KubernetesClientConfiguration.BuildConfigFromConfigFile(_options.Kubeconfig!, _options.Context);
        // Watches and logs last; each call has a limit of its own.
        configuration.HttpClientTimeout = Timeout.InfiniteTimeSpan;
        return new k8s.Kubernetes(configuration);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Kubeconfig} has changed and was read again")]
    private static partial void LogRenewed(ILogger logger, string kubeconfig);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Kubeconfig} cannot be read again; what it said before is used: {Reason}")]
    private static partial void LogUnreadable(ILogger logger, string kubeconfig, string reason);
}
