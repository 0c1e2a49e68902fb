using System.Text.Json;
using Portal.Application.Catalog;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Web.Api.Examples;

/// <summary>The catalog as the OpenAPI document shows it.</summary>
internal static class CatalogExamples
{
    private static readonly ItemTargetAnswer Local = new("local", true, null);
    private static readonly ItemAccessAnswer Access = new(true, false);

    public static ItemsAnswer<CategoryRow> Categories { get; } = Lists.Items([new CategoryRow("training", "Training", "Fit models to data.", "school", 3, 1)]);

    public static PageAnswer<ItemSummary> Items { get; } = Lists.Whole(
        [new ItemSummary("python-training", "Python training", WorkloadKind.TrainingRun, "training", "Run a training script.", ["python"], "1.0.0", "published", Access, 0.0158m, "USD", [Local])]);

    public static ItemAnswer Item { get; } = new(
        "python-training", "Python training", WorkloadKind.TrainingRun, "training", "Run a training script.", "Runs a script and draws the metrics it prints.", ["python"], "published", Access,
        [
            new ItemVersionAnswer("1.0.0", new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero), "First version.",
                [new ItemParameterAnswer("epochs", "integer", "Epochs", "Passes over the data.", JsonSerializer.SerializeToElement(20), false, new ParameterConstraints { Min = 1, Max = 1000 }, false, true, "Training")],
                [Local], ["cpu-tiny", "cpu-small"]),
        ]);

    public static ItemsAnswer<HardwareAnswer> Hardware { get; } = Lists.Items(
    [
        new HardwareAnswer("cpu-tiny", "Tiny", 0.5m, 0.5m, null, 10, false, 0.0158m, 11.53m, "USD"),
        new HardwareAnswer("gpu-t4", "One T4", 4, 16, new GpuSpec("nvidia-t4", 1, 16), 50, false, 1.1442m, 835.27m, "USD"),
    ]);

    public static EstimateRequest Estimate { get; } = new("python-training", Hardware: "cpu-tiny", Team: "platform");

    public static EstimateAnswer Estimated { get; } = new(
        [new OfferAnswer("local", "local", "local", "host-share", "on-demand", 0.0158m, 11.53m, "USD", 0, true, null)], new DecisionAnswer("allow", null, [], null), null);
}
