namespace Portal.Domain.Catalog;

/// <summary>The portal's icon set: Material icon names that categories and items may use. Pages map each to its picture.</summary>
public static class CatalogIcons
{
    public static IReadOnlyList<string> Names { get; } =
    [
        "account_tree", "analytics", "api", "article", "auto_graph", "bolt", "box", "build", "chat", "cloud", "code", "compare", "dashboard", "data_object",
        "dataset", "description", "dns", "event_repeat", "explore", "filter_alt", "folder", "functions", "hub", "image", "insights", "layers", "memory",
        "menu_book", "mic", "model_training", "monitoring", "psychology", "rocket_launch", "schedule", "schema", "school", "science", "search", "smart_toy",
        "speed", "storage", "stream", "table_chart", "terminal", "text_fields", "timeline", "transform", "translate", "tune", "visibility",
    ];
}
