using MudBlazor;
using Portal.Domain.Workloads;

namespace Portal.Web.Components.Values;

/// <summary>The pictures of the icon names in <see cref="Portal.Domain.Catalog.CatalogIcons"/>, as inline SVG; an unknown name is drawn as a box.</summary>
public static class IconSet
{
    private static readonly Dictionary<string, string> ByName = new(StringComparer.Ordinal)
    {
        ["account_tree"] = Icons.Material.Outlined.AccountTree,
        ["analytics"] = Icons.Material.Outlined.Analytics,
        ["api"] = Icons.Material.Outlined.Api,
        ["article"] = Icons.Material.Outlined.Article,
        ["auto_graph"] = Icons.Material.Outlined.AutoGraph,
        ["bolt"] = Icons.Material.Outlined.Bolt,
        ["box"] = Icons.Material.Outlined.Inventory2,
        ["build"] = Icons.Material.Outlined.Build,
        ["chat"] = Icons.Material.Outlined.Chat,
        ["cloud"] = Icons.Material.Outlined.Cloud,
        ["code"] = Icons.Material.Outlined.Code,
        ["compare"] = Icons.Material.Outlined.Compare,
        ["dashboard"] = Icons.Material.Outlined.Dashboard,
        ["data_object"] = Icons.Material.Outlined.DataObject,
        ["dataset"] = Icons.Material.Outlined.Dataset,
        ["description"] = Icons.Material.Outlined.Description,
        ["dns"] = Icons.Material.Outlined.Dns,
        ["event_repeat"] = Icons.Material.Outlined.EventRepeat,
        ["explore"] = Icons.Material.Outlined.Explore,
        ["filter_alt"] = Icons.Material.Outlined.FilterAlt,
        ["folder"] = Icons.Material.Outlined.Folder,
        ["functions"] = Icons.Material.Outlined.Functions,
        ["hub"] = Icons.Material.Outlined.Hub,
        ["image"] = Icons.Material.Outlined.Image,
        ["insights"] = Icons.Material.Outlined.Insights,
        ["layers"] = Icons.Material.Outlined.Layers,
        ["memory"] = Icons.Material.Outlined.Memory,
        ["menu_book"] = Icons.Material.Outlined.MenuBook,
        ["mic"] = Icons.Material.Outlined.Mic,
        ["model_training"] = Icons.Material.Outlined.ModelTraining,
        ["monitoring"] = Icons.Material.Outlined.MonitorHeart,
        ["psychology"] = Icons.Material.Outlined.Psychology,
        ["rocket_launch"] = Icons.Material.Outlined.RocketLaunch,
        ["schedule"] = Icons.Material.Outlined.Schedule,
        ["schema"] = Icons.Material.Outlined.Schema,
        ["school"] = Icons.Material.Outlined.School,
        ["science"] = Icons.Material.Outlined.Science,
        ["search"] = Icons.Material.Outlined.Search,
        ["smart_toy"] = Icons.Material.Outlined.SmartToy,
        ["speed"] = Icons.Material.Outlined.Speed,
        ["storage"] = Icons.Material.Outlined.Storage,
        ["stream"] = Icons.Material.Outlined.Stream,
        ["table_chart"] = Icons.Material.Outlined.TableChart,
        ["terminal"] = Icons.Material.Outlined.Terminal,
        ["text_fields"] = Icons.Material.Outlined.TextFields,
        ["timeline"] = Icons.Material.Outlined.Timeline,
        ["transform"] = Icons.Material.Outlined.Transform,
        ["translate"] = Icons.Material.Outlined.Translate,
        ["tune"] = Icons.Material.Outlined.Tune,
        ["visibility"] = Icons.Material.Outlined.Visibility,
    };

    /// <summary>Every name that has a picture.</summary>
    public static IReadOnlyCollection<string> Names => ByName.Keys;

    /// <summary>The SVG of a name.</summary>
    public static string Svg(string? name) => name is not null && ByName.TryGetValue(name, out var svg) ? svg : ByName["box"];

    /// <summary>The SVG of a kind.</summary>
    public static string Svg(WorkloadKind kind) => Svg(kind switch
    {
        WorkloadKind.Notebook => "article",
        WorkloadKind.TrainingRun => "model_training",
        WorkloadKind.ModelEndpoint => "api",
        _ => "dns",
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
