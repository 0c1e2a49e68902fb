using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Portal.Domain.Compute;

namespace Portal.Application.Telemetry;

/// <summary>
/// The figures in Prometheus' text format. They are not gauges of OpenTelemetry's, which go on telling the last value of what is not there any more: phases without workloads, anything while the database is away.
/// </summary>
public sealed partial class FigureText(PortalFigures figures, ILogger<FigureText> logger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly Figure[] NoDatabase = [new("portal_database_up", 0)];

    /// <summary>All figures; when the database does not answer within seconds, only that it does not.</summary>
    public async Task<string> ReadAsync(CancellationToken cancellationToken)
    {
        var text = new StringBuilder();
        var known = (await FiguresAsync(cancellationToken)).ToLookup(f => f.Name);
        // What there is none of now is named all the same: whoever reads it learns what there is to ask for.
        foreach (var (name, meaning) in PortalFigures.Meanings)
        {
            text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} gauge\n# HELP {name} {meaning}\n");
            foreach (var figure in known[name])
            {
                text.Append(figure.Name);
                if (figure.Labels.Length > 0) text.Append('{').AppendJoin(',', figure.Labels.Select(l => $"{l.Key}=\"{Escape(l.Value)}\"")).Append('}');
                text.Append(CultureInfo.InvariantCulture, $" {figure.Value:R}\n");
            }
        }
        return text.ToString();
    }

    private async Task<IReadOnlyList<Figure>> FiguresAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            return await figures.ReadAsync(limit.Token);
        }
        catch (Exception exception) when (exception is Npgsql.NpgsqlException or InvalidOperationException or TimeoutException or ComputeTargetException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            LogMissing(logger, exception.Message);
            return NoDatabase;
        }
    }

    private static string Escape(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The figures for /metrics could not be read: {Reason}")]
    private static partial void LogMissing(ILogger logger, string reason);
}
