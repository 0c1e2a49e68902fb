using MudBlazor;
using Portal.Domain.Workloads;

namespace Portal.Web.Components.Values;

/// <summary>The portal's icon set: the names catalog files may use. All are inline SVG; an unknown name is drawn as a box.</summary>
public static class IconSet
{
    private static readonly Dictionary<string, string> ByName = new(StringComparer.OrdinalIgnoreCase)
    {
        ["box"] = Icons.Material.Outlined.Inventory2,
        ["notebook"] = Icons.Material.Outlined.Article,
        ["code"] = Icons.Material.Outlined.Code,
        ["terminal"] = Icons.Material.Outlined.Terminal,
        ["school"] = Icons.Material.Outlined.School,
        ["training"] = Icons.Material.Outlined.ModelTraining,
        ["tune"] = Icons.Material.Outlined.Tune,
        ["endpoint"] = Icons.Material.Outlined.Api,
        ["serving"] = Icons.Material.Outlined.Api,
        ["chat"] = Icons.Material.Outlined.Chat,
        ["flask"] = Icons.Material.Outlined.Science,
        ["science"] = Icons.Material.Outlined.Science,
        ["experiment"] = Icons.Material.Outlined.Science,
        ["branch"] = Icons.Material.Outlined.AccountTree,
        ["tree"] = Icons.Material.Outlined.AccountTree,
        ["workflow"] = Icons.Material.Outlined.EventRepeat,
        ["schedule"] = Icons.Material.Outlined.EventRepeat,
        ["database"] = Icons.Material.Outlined.Storage,
        ["vector"] = Icons.Material.Outlined.Storage,
        ["grid"] = Icons.Material.Outlined.Dataset,
        ["feature"] = Icons.Material.Outlined.Dataset,
        ["chart"] = Icons.Material.Outlined.Insights,
        ["monitoring"] = Icons.Material.Outlined.Insights,
        ["gauge"] = Icons.Material.Outlined.Speed,
        ["transform"] = Icons.Material.Outlined.Transform,
        ["stream"] = Icons.Material.Outlined.Stream,
        ["service"] = Icons.Material.Outlined.Dns,
        ["server"] = Icons.Material.Outlined.Dns,
        ["layers"] = Icons.Material.Outlined.Layers,
        ["model"] = Icons.Material.Outlined.Psychology,
        ["search"] = Icons.Material.Outlined.Search,
        ["image"] = Icons.Material.Outlined.Image,
        ["mic"] = Icons.Material.Outlined.Mic,
        ["text"] = Icons.Material.Outlined.TextFields,
        ["shield"] = Icons.Material.Outlined.Shield,
        ["rocket"] = Icons.Material.Outlined.RocketLaunch,
        ["cloud"] = Icons.Material.Outlined.Cloud,
        ["chip"] = Icons.Material.Outlined.Memory,
        ["folder"] = Icons.Material.Outlined.Folder,
        ["account_tree"] = Icons.Material.Outlined.AccountTree,
        ["analytics"] = Icons.Material.Outlined.Analytics,
        ["api"] = Icons.Material.Outlined.Api,
        ["article"] = Icons.Material.Outlined.Article,
        ["auto_graph"] = Icons.Material.Outlined.AutoGraph,
        ["bolt"] = Icons.Material.Outlined.Bolt,
        ["build"] = Icons.Material.Outlined.Build,
        ["compare"] = Icons.Material.Outlined.Compare,
        ["dashboard"] = Icons.Material.Outlined.Dashboard,
        ["data_object"] = Icons.Material.Outlined.DataObject,
        ["dataset"] = Icons.Material.Outlined.Dataset,
        ["description"] = Icons.Material.Outlined.Description,
        ["dns"] = Icons.Material.Outlined.Dns,
        ["event_repeat"] = Icons.Material.Outlined.EventRepeat,
        ["explore"] = Icons.Material.Outlined.Explore,
        ["filter_alt"] = Icons.Material.Outlined.FilterAlt,
        ["functions"] = Icons.Material.Outlined.Functions,
        ["hub"] = Icons.Material.Outlined.Hub,
        ["insights"] = Icons.Material.Outlined.Insights,
        ["memory"] = Icons.Material.Outlined.Memory,
        ["menu_book"] = Icons.Material.Outlined.MenuBook,
        ["model_training"] = Icons.Material.Outlined.ModelTraining,
        ["psychology"] = Icons.Material.Outlined.Psychology,
        ["rocket_launch"] = Icons.Material.Outlined.RocketLaunch,
        ["schema"] = Icons.Material.Outlined.Schema,
        ["smart_toy"] = Icons.Material.Outlined.SmartToy,
        ["speed"] = Icons.Material.Outlined.Speed,
        ["storage"] = Icons.Material.Outlined.Storage,
        ["table_chart"] = Icons.Material.Outlined.TableChart,
        ["text_fields"] = Icons.Material.Outlined.TextFields,
        ["timeline"] = Icons.Material.Outlined.Timeline,
        ["translate"] = Icons.Material.Outlined.Translate,
        ["visibility"] = Icons.Material.Outlined.Visibility,
    };

    /// <summary>Every name, for validation and for choosing.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>The SVG of a name.</summary>
    public static string Svg(string? name) => name is not null && ByName.TryGetValue(name, out var svg) ? svg : ByName["box"];

    /// <summary>The SVG of a kind.</summary>
    public static string Svg(WorkloadKind kind) => Svg(kind switch
    {
        WorkloadKind.Notebook => "notebook",
        WorkloadKind.TrainingRun => "training",
        WorkloadKind.ModelEndpoint => "endpoint",
        _ => "service",
    });

    /// <summary>The word of a kind on screens.</summary>
    public static string Word(WorkloadKind kind) => kind switch
    {
        WorkloadKind.Notebook => "Notebook",
        WorkloadKind.TrainingRun => "Training run",
        WorkloadKind.ModelEndpoint => "Model endpoint",
        _ => "Service",
    };
}
