using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Portal.Application.Compute;
using Portal.Domain.Compute;

namespace Portal.Application.Telemetry;

/// <summary>Shows the figures as gauges. Gauges are read without waiting, so somebody who may wait refreshes them before.</summary>
public sealed partial class FigureGauges
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly Figure[] NoDatabase = [new("portal_database_up", 0)];
    private readonly PortalFigures _figures;
    private readonly ILogger<FigureGauges> _logger;
    private IReadOnlyList<Figure> _latest = [];

    public FigureGauges(PortalMeters meters, PortalFigures figures, ILogger<FigureGauges> logger)
    {
        (_figures, _logger) = (figures, logger);
        foreach (var (name, meaning) in PortalFigures.Meanings) meters.Meter.CreateObservableGauge(name, () => Of(name), null, meaning);
    }

    /// <summary>Reads the figures anew. When the database does not answer within seconds, there are none but that.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            _latest = await _figures.ReadAsync(limit.Token);
        }
        catch (Exception exception) when (exception is Npgsql.NpgsqlException or InvalidOperationException or TimeoutException or ComputeTargetException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogMissing(_logger, exception.Message);
            _latest = NoDatabase;
        }
    }

    private IEnumerable<Measurement<double>> Of(string name) => _latest.Where(f => f.Name == name).Select(f => new Measurement<double>(f.Value, f.Labels));

    [LoggerMessage(Level = LogLevel.Warning, Message = "The figures for /metrics could not be read: {Reason}")]
    private static partial void LogMissing(ILogger logger, string reason);
}
