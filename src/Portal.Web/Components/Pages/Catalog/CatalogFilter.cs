using Portal.Application.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Web.Components.Pages.Catalog;

/// <summary>What the catalog page shows, as its address says. Null or empty: no limit.</summary>
public sealed record CatalogFilter
{
    public string? Query { get; init; }
    public string? Category { get; init; }
    public WorkloadKind? Kind { get; init; }
    public string? Target { get; init; }
    public string? Tag { get; init; }
    /// <summary>Only what some target can take at this moment.</summary>
    public bool LaunchableOnly { get; init; }

    /// <summary>How many of the filters behind the phone's button are in force.</summary>
    public int Count => (Kind is null ? 0 : 1) + (Target is null ? 0 : 1) + (Tag is null ? 0 : 1) + (LaunchableOnly ? 1 : 0);

    /// <summary>True when everything is shown.</summary>
    public bool IsEmpty => Count == 0 && Category is null && string.IsNullOrWhiteSpace(Query);

    /// <summary>Reads the address; words it does not know are no limit.</summary>
    public static CatalogFilter Of(string? query, string? category, string? kind, string? target, string? tag, bool launchableOnly) => new()
    {
        Query = query,
        Category = Known(category),
        Kind = Enum.TryParse<WorkloadKind>(kind, ignoreCase: true, out var parsed) && Enum.IsDefined(parsed) ? parsed : null,
        Target = Known(target),
        Tag = Known(tag),
        LaunchableOnly = launchableOnly,
    };

    /// <summary>True when the card satisfies all but the category, so that the list of categories can count.</summary>
    public bool MatchesBesidesCategory(ItemCard card) =>
        (Kind is null || card.Kind == Kind)
        && (Target is null || card.Targets.Any(t => t.Target == Target && (!LaunchableOnly || t.Available)))
        && (Tag is null || card.Tags.Contains(Tag))
        && (!LaunchableOnly || card.Targets.Any(t => t.Available))
        && MatchesWords(card);

    /// <summary>True when the card is shown.</summary>
    public bool Matches(ItemCard card) => (Category is null || card.Category == Category) && MatchesBesidesCategory(card);

    // Every word must be found, wherever: two words narrow a search.
    private bool MatchesWords(ItemCard card)
    {
        var words = (Query ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (words.Length == 0) return true;
        var text = string.Join(' ', card.Slug, card.Name, card.Summary, card.Category, Values.IconSet.Word(card.Kind), string.Join(' ', card.Tags));
        return words.All(word => text.Contains(word, StringComparison.OrdinalIgnoreCase));
    }

    private static string? Known(string? word) => string.IsNullOrWhiteSpace(word) ? null : word;
}
