using Portal.Application.Workloads;
using Portal.Domain.Catalog;
using Portal.Web.Components.Forms;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Pages.Launch;

/// <summary>The lifetimes the launch form offers, by their ISO 8601 words; the empty word means no end.</summary>
public static class LifetimeChoices
{
    private static readonly TimeSpan[] Usual = [.. new[] { 1, 2, 4, 8, 12, 24, 72, 168, 336, 720 }.Select(h => TimeSpan.FromHours(h))];

    /// <summary>The usual ones, the item's own and the chosen one. No end only where the item has none by default.</summary>
    public static IReadOnlyList<Choice<string>> For(ItemSpec item, TimeSpan? chosen)
    {
        var standard = item.Defaults.Lifetime;
        var all = Usual.Concat(new[] { standard, chosen }.OfType<TimeSpan>()).Where(l => l <= LaunchOptions.LongestLifetime).Distinct().Order();
        return
        [
            .. all.Select(l => new Choice<string>(Word(l), DurationText.Compact(l) + (l == standard ? " (usual)" : ""))),
            .. standard is null ? [new Choice<string>("", "When I stop it (usual)")] : Array.Empty<Choice<string>>(),
        ];
    }

    public static string Word(TimeSpan? lifetime) => lifetime is { } l ? IsoDuration.Format(l) : "";

    public static TimeSpan? Read(string word) => IsoDuration.TryParse(word, out var lifetime) ? lifetime : null;
}
