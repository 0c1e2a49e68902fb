using System.Diagnostics;
using System.Diagnostics.Metrics;
using Portal.Domain.Workloads;

namespace Portal.Application.Telemetry;

/// <summary>What this process measures while it works. What the database knows for all processes is in <see cref="PortalFigures"/>.</summary>
public sealed class PortalMeters : IDisposable
{
    /// <summary>Name of the meter and of the source of activities.</summary>
    public const string Name = "Portal";

    /// <summary>Steps of the portal's own work in a trace.</summary>
    public static readonly ActivitySource Activities = new(Name);

    /// <summary>Upper bounds in seconds for what people wait for: from a program that is there at once to a machine that has to be bought first.</summary>
    public static readonly double[] Waits = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600];

    /// <summary>Upper bounds in seconds for what the portal does by itself.</summary>
    public static readonly double[] Works = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly Meter _meter = new(Name);
    private readonly Histogram<double> _launch, _phase, _lag, _reconcile;
    private readonly Counter<long> _requests, _bytes;

    public PortalMeters()
    {
        _launch = _meter.CreateHistogram<double>("portal.launch.duration", "s", "From launch to ready, first attempts, queueing included.", advice: new() { HistogramBucketBoundaries = Waits });
        _phase = _meter.CreateHistogram<double>("portal.phase.duration", "s", "Time that workloads spent in a phase, noted when they leave it.", advice: new() { HistogramBucketBoundaries = Waits });
        _lag = _meter.CreateHistogram<double>("portal.reconcile.lag", "s", "From asking for a look at a workload until a worker begins it.", advice: new() { HistogramBucketBoundaries = Works });
        _reconcile = _meter.CreateHistogram<double>("portal.reconcile.duration", "s", "Time that a look at one workload took, with what it did.", advice: new() { HistogramBucketBoundaries = Works });
        _requests = _meter.CreateCounter<long>("portal.proxy.requests", null, "Requests for programs of workloads that the portal passed on, by status.");
        _bytes = _meter.CreateCounter<long>("portal.proxy.bytes", "By", "Bytes passed between browsers and programs, WebSockets included.");
    }

    /// <summary>A workload changed its phase.</summary>
    public void Moved(WorkloadKind kind, WorkloadPhase from, TimeSpan spent) => _phase.Record(spent.TotalSeconds, new("kind", kind.ToString()), new("phase", from.ToString()));

    /// <summary>A workload can be used for the first time.</summary>
    public void BecameReady(WorkloadKind kind, string target, TimeSpan sinceLaunch) => _launch.Record(sinceLaunch.TotalSeconds, new("kind", kind.ToString()), new("target", target));

    /// <summary>A worker begins what was asked for so long ago.</summary>
    public void Begun(TimeSpan lag) => _lag.Record(Math.Max(0, lag.TotalSeconds));

    /// <summary>A look has ended.</summary>
    /// <param name="outcome">done, failed, timeout, lost (its lease) or stopped (the process ends).</param>
    public void Reconciled(TimeSpan took, string outcome) => _reconcile.Record(took.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));

    /// <summary>A request was passed on and answered.</summary>
    public void Proxied(int status) => _requests.Add(1, new KeyValuePair<string, object?>("status", status));

    /// <summary>Bytes were passed on.</summary>
    public void Passed(long bytes, bool toProgram) => _bytes.Add(bytes, new KeyValuePair<string, object?>("direction", toProgram ? "in" : "out"));

    public void Dispose() => _meter.Dispose();
}
