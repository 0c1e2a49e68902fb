using System.Text.Json;
using Portal.Application.Costs;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Web.Api.Examples;

/// <summary>A training run as the OpenAPI document shows it: one story through all calls.</summary>
internal static class WorkloadExamples
{
    public static readonly Guid Id = new("0197a1c2-5b7e-7c3a-9f10-2d4e6f8a0b1c");
    private static readonly Guid AllocationId = new("0197a1c2-5c01-7d44-8a2b-3c5d7e9f1a2b");
    private static readonly DateTimeOffset Launched = new(2026, 3, 2, 9, 30, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Started = Launched.AddSeconds(2);
    private static readonly DateTimeOffset Expires = Started.AddHours(2);

    public static WorkloadRequest Launch { get; } = new(
        "tiny-regression", "python-training", Team: "platform", Hardware: "cpu-tiny", Parameters: JsonSerializer.SerializeToElement(new { epochs = 20 }), Tags: new() { ["project"] = "demo" },
        Lifetime: TimeSpan.FromHours(2), Reason: "Trying the new data");

    public static ExtendRequest Extend { get; } = new(TimeSpan.FromHours(4));

    public static WorkloadAccessRequest Share { get; } = new("team", ["lena@example.org"], ["max@example.org"]);

    public static MoveRequest Move { get; } = new("cpu-medium", Reason: "It runs out of memory.");

    public static OfferRequestBody Offer { get; } = new("lena@example.org");

    public static WorkloadAccessAnswer Access { get; } = new("sam@example.org", "team", ["lena@example.org"], ["max@example.org"]);

    public static AllocationAnswer Allocation { get; } = new(
        AllocationId, 1, "local", "local", "local", "host-share", "on-demand", "pid 4711", Launched.AddSeconds(1), Started, Started, null, null, null, null, 0.0158m, 0.0158m, 0.000263m, "USD", null);

    public static WorkloadAnswer One { get; } = new(
        Id, "tiny-regression", WorkloadKind.TrainingRun, "python-training", "1.0.0", "sam@example.org", "platform", DesiredState.Running, WorkloadPhase.Running, null, Started, "local", "on-demand", "cpu-tiny",
        new Dictionary<string, JsonElement> { ["epochs"] = JsonSerializer.SerializeToElement(20) }, [], null, Allocation, 0.0158m, 0.0158m, 0.000263m, "USD", Launched, Started, Started, null, Expires,
        TimeSpan.FromHours(2), null, new Dictionary<string, string> { ["project"] = "demo" }, "Trying the new data", null, null, 1, null,
        new ActivityAnswer(null, null, null, null, null));

    /// <summary>As it is when it has just been launched.</summary>
    public static WorkloadAnswer Waiting { get; } = One with
    {
        Phase = WorkloadPhase.Queued, PhaseSince = Launched, Allocation = null, CostToDate = 0, StartedAt = null, ReadyAt = null, ExpiresAt = null, Attempt = 0,
    };

    public static WorkloadSummary Summary { get; } = new(
        Id, "tiny-regression", WorkloadKind.TrainingRun, "python-training", "1.0.0", "sam@example.org", "platform", DesiredState.Running, WorkloadPhase.Running, null, "local", "on-demand", "cpu-tiny", null,
        0.0158m, 0.000263m, "USD", Launched, Started, Started, null, Expires, null, null, 1);

    public static PageAnswer<WorkloadSummary> List { get; } = new([Summary], 1, 1, 50);

    public static ItemsAnswer<WorkloadEventAnswer> Events { get; } = Lists.Items<WorkloadEventAnswer>(
    [
        new(2, Started, WorkloadPhase.Queued, WorkloadPhase.Running, "The program has started.", "portal", 1),
        new(1, Launched, null, WorkloadPhase.Queued, "Launched.", "Sam", null),
    ]);

    public static ItemsAnswer<AllocationAnswer> Allocations { get; } = Lists.Items([Allocation]);

    public static MetricsAnswer Metrics { get; } = new([new MetricSeries("loss", [new MetricValue(1, Started.AddSeconds(1), 0.91, 1), new MetricValue(2, Started.AddSeconds(2), 0.55, 1)])]);

    public static UsageAnswer Usage { get; } = new([new UsageRow(AllocationId, 1, "compute", Started, Started.AddMinutes(1), 0, 0.0158m, 0.0158m, 0.000263m, 0.000263m, "USD", "on-demand", true)], 0.000263m, "USD");

    public static ItemsAnswer<ArtifactEntry> Artifacts { get; } = Lists.Items([new ArtifactEntry("model/weights.json", 2048, Started.AddMinutes(1))]);

    public const string Log = "epoch 1 loss 0.91\nepoch 2 loss 0.55\n";
}
