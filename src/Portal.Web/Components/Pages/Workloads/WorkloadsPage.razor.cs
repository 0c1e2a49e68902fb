using Microsoft.AspNetCore.Components;
using Portal.Application;
using Portal.Application.Catalog;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Workloads;
using Portal.Web.Access;
using Portal.Web.Api;
using Portal.Web.Components.Layout;
using Portal.Web.Components.Surfaces;
using Portal.Web.Components.Values;
using Portal.Web.Components.Workloads;

namespace Portal.Web.Components.Pages.Workloads;

/// <summary>All workloads one may see; the URL holds the view, the filters, the order and the page.</summary>
public partial class WorkloadsPage : IDisposable
{
    private const int DefaultPageSize = 25;

    private readonly PageLife _gone = new();
    private readonly PageLoad _load = new();
    private Actor? _actor;
    private PageOf<WorkloadRow>? _page;
    private WorkloadCounts? _counts;
    private IReadOnlyList<string> _teams = [];
    private IReadOnlyList<ItemCard> _suggestions = [];
    private IReadOnlyList<SavedViewRow> _views = [];
    private readonly HashSet<Guid> _selected = [];

    [SupplyParameterFromQuery(Name = "view")] private string? ViewWord { get; set; }

    [SupplyParameterFromQuery] private string? Q { get; set; }

    [SupplyParameterFromQuery] private string? Kind { get; set; }

    [SupplyParameterFromQuery] private string? Phase { get; set; }

    [SupplyParameterFromQuery] private string? Team { get; set; }

    [SupplyParameterFromQuery] private string? Sort { get; set; }

    [SupplyParameterFromQuery(Name = "page")] private int? PageNumber { get; set; }

    [SupplyParameterFromQuery] private int? PageSize { get; set; }

    [Inject] private CurrentActor Actors { get; set; } = null!;

    [Inject] private WorkloadQueries Queries { get; set; } = null!;

    [Inject] private SavedViews Views { get; set; } = null!;

    [Inject] private MudBlazor.ISnackbar Snackbar { get; set; } = null!;

    [Inject] private CatalogQueries Catalog { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    private string View => ViewWord is "all" or "failed" or "ending" ? ViewWord : "mine";

    private bool IsFiltered => !string.IsNullOrEmpty(Q) || !string.IsNullOrEmpty(Kind) || !string.IsNullOrEmpty(Phase) || !string.IsNullOrEmpty(Team);

    private string? Summary => _counts is not { All: > 0 } c ? null : $"{c.Running} running for {MoneyText.Format(c.HourlyPrice, "h")}{(c.Waiting > 0 ? $" · {c.Waiting} waiting" : "")}";

    private IReadOnlyList<TabItem> TabItems =>
    [
        new("mine", "Mine", "/workloads", _counts!.Mine),
        new("all", _actor!.May(PortalAction.ReadEverything) ? "All" : _actor!.Teams.Count == 1 ? $"Team {_actor.Teams[0].Slug}" : "All I can see", "/workloads?view=all", _counts.All),
        new("failed", "Failed this week", "/workloads?view=failed", _counts.FailedThisWeek),
        new("ending", "Ending today", "/workloads?view=ending", _counts.EndingToday),
        .. _views.Select(v => new TabItem(v.Id.ToString(), v.Name, $"/workloads?{v.Query}")),
    ];

    /// <summary>Rows that are selected and still shown.</summary>
    private IReadOnlyList<WorkloadRow> SelectedRows => [.. _page!.Items.Where(w => _selected.Contains(w.Id))];

    /// <summary>What of the address a view keeps: everything but the page.</summary>
    private string Query => string.Join('&', new Uri(Navigation.Uri).Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Where(p => !p.StartsWith("page=", StringComparison.Ordinal)).Order(StringComparer.Ordinal));

    private SavedViewRow? Kept => _views.FirstOrDefault(v => v.Query == Query);

    protected override Task OnParametersSetAsync() => ReloadAsync();

    public void Dispose()
    {
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task ReloadAsync()
    {
        await _load.RunAsync(async () =>
        {
            _actor = await Actors.GetAsync(_gone.Token);
            _teams = [.. _actor.Teams.Select(t => t.Slug)];
            _views = await Views.ListAsync(_actor, _gone.Token);
            _counts = await Queries.CountsAsync(_actor, null, _gone.Token);
            _page = await Queries.ListAsync(Filter(), _actor, _gone.Token);
            if (_page.Total == 0 && !IsFiltered) _suggestions = [.. (await Catalog.ItemsAsync(null, null, null, null, _actor, _gone.Token)).Take(3)];
        }, Navigation);
        StateHasChanged();
    }

    private async Task SaveViewAsync(string name)
    {
        if (await Views.SaveAsync(name, Query, await Actors.GetAsync(_gone.Token), _gone.Token) is { } wrong) Snackbar.Add(wrong, MudBlazor.Severity.Warning);
        await ReloadAsync();
    }

    private async Task RemoveViewAsync(SavedViewRow view)
    {
        await Views.RemoveAsync(view.Id, await Actors.GetAsync(_gone.Token), _gone.Token);
        await ReloadAsync();
    }

    private Task ClearAsync()
    {
        _selected.Clear();
        return ReloadAsync();
    }

    private WorkloadFilter Filter()
    {
        ApiWords.TryList<WorkloadKind>(Kind, out var kinds);
        ApiWords.TryList<WorkloadPhase>(Phase, out var phases);
        var now = Time.GetUtcNow();
        return new WorkloadFilter
        {
            Owner = View == "mine" ? "me" : null,
            Phases = View == "failed" ? [WorkloadPhase.Failed] : View == "ending" ? [WorkloadPhase.Running] : phases,
            Since = View == "failed" ? now.AddDays(-7) : null,
            EndsBefore = View == "ending" ? now.AddHours(24) : null,
            Kinds = kinds, Q = Q, Team = Team, Sort = Sort, Page = PageNumber ?? 1, PageSize = PageSize ?? DefaultPageSize,
        };
    }

    private void Go(IReadOnlyDictionary<string, object?> change) => Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(change.Append(new("page", null)).ToDictionary()), replace: true);
}
