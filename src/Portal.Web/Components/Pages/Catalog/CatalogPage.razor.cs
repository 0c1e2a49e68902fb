using Microsoft.AspNetCore.Components;
using Portal.Application.Catalog;
using Portal.Application.Teams;
using Portal.Domain.Workloads;
using Portal.Web.Access;
using Portal.Web.Api;
using Portal.Web.Components.Forms;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Pages.Catalog;

/// <summary>The catalog by category. Everything is read once; searching and filtering narrow what is here, and the address holds them.</summary>
public sealed partial class CatalogPage : IDisposable
{
    private readonly PageLife _gone = new();
    private IReadOnlyList<CategoryRow> _categories = [];
    private IReadOnlyList<ItemCard>? _cards;
    private IReadOnlyList<ItemCard> _shown = [];
    private CatalogFilter _filter = new();
    private string? _text;
    private string? _searched;
    private bool _failed;
    private bool _isWithoutTeam;

    [SupplyParameterFromQuery(Name = "q")] private string? Query { get; set; }

    [SupplyParameterFromQuery] private string? Category { get; set; }

    [SupplyParameterFromQuery] private string? Kind { get; set; }

    [SupplyParameterFromQuery] private string? Target { get; set; }

    [SupplyParameterFromQuery] private string? Tag { get; set; }

    [SupplyParameterFromQuery(Name = "now")] private string? LaunchableOnly { get; set; }

    [Inject] private CatalogQueries Catalog { get; set; } = null!;

    [Inject] private CurrentActor CurrentActor { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string? Sub => _cards is { Count: > 0 } cards ? $"{Plural(_shown.Count, "item", "items")} in {Plural(_shown.Select(c => c.Category).Distinct().Count(), "category", "categories")}" + (_shown.Count < cards.Count ? $", of {cards.Count}" : "") : null;

    private IReadOnlyList<Choice<string>> Kinds =>
        [new("", "Any kind"), .. Enum.GetValues<WorkloadKind>().Where(k => k == _filter.Kind || _cards!.Any(c => c.Kind == k)).Select(k => new Choice<string>(k.ToString(), IconSet.Word(k)))];

    private IReadOnlyList<Choice<string>> Targets => Choices("Any target", _cards!.SelectMany(c => c.Targets).Select(t => t.Target), _filter.Target);

    private IReadOnlyList<Choice<string>> Tags => Choices("Any tag", _cards!.SelectMany(c => c.Tags), _filter.Tag);

    private string Planned => string.Join(", ", _categories.Where(c => c.Items == 0).Select(c => c.Name));

    private IReadOnlyList<CategoryLink> CategoryLinks
    {
        get
        {
            var matching = _cards!.Where(_filter.MatchesBesidesCategory).ToList();
            return
            [
                new("", "All", "grid", matching.Count, Navigation.GetUriWithQueryParameter("category", (string?)null)),
                .. _categories.Where(c => c.Items > 0).Select(c => new CategoryLink(c.Slug, c.Name, c.Icon, matching.Count(i => i.Category == c.Slug), Navigation.GetUriWithQueryParameter("category", c.Slug))),
            ];
        }
    }

    protected override Task OnInitializedAsync() => LoadAsync();

    protected override void OnParametersSet() => Narrow();

    public void Dispose()
    {
        _gone.Dispose();
    }

    private static string Plural(int count, string one, string many) => $"{count} {(count == 1 ? one : many)}";

    private static IReadOnlyList<Choice<string>> Choices(string any, IEnumerable<string> words, string? chosen) =>
        [new("", any), .. words.Concat(chosen is null ? [] : [chosen]).Distinct().Order(StringComparer.OrdinalIgnoreCase).Select(w => new Choice<string>(w, w))];

    private async Task LoadAsync()
    {
        _failed = false;
        try
        {
            var actor = await CurrentActor.GetAsync(_gone.Token);
            _isWithoutTeam = JoinQueries.NeedsTeam(actor);
            _categories = await Catalog.CategoriesAsync(_gone.Token);
            _cards = await Catalog.ItemsAsync(null, null, null, null, actor, _gone.Token);
            Narrow();
        }
        catch (OperationCanceledException) when (_gone.IsOver)
        {
            // The page is gone.
        }
        catch (SignedOutException)
        {
            Navigation.NavigateTo("/sign-in", forceLoad: true);
        }
        catch (Exception exception) when (ApiProblems.IsDatabaseDown(exception))
        {
            _failed = true;
        }
    }

    private void Narrow()
    {
        _filter = CatalogFilter.Of(Query, Category, Kind, Target, Tag, LaunchableOnly == "1");
        // While typing the field is ahead of the address; only an address from elsewhere (back, a link) changes the field.
        if ((Query ?? "") != (_searched ?? "")) _text = _searched = Query;
        _shown = _cards?.Where(_filter.Matches).ToList() ?? [];
    }

    private void Search(string? text)
    {
        _text = _searched = text;
        Go("q", text);
    }

    private void Go(string name, string? value) =>
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameter(name, string.IsNullOrEmpty(value) ? null : value), replace: true);
}
