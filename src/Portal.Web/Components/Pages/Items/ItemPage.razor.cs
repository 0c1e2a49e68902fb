using Microsoft.AspNetCore.Components;
using Portal.Application;
using Portal.Application.Catalog;
using Portal.Application.Workloads;
using Portal.Domain.Workloads;
using Portal.Web.Access;
using Portal.Web.Api;
using Portal.Web.Components.Surfaces;

namespace Portal.Web.Components.Pages.Items;

/// <summary>One item of the catalog: what it is, what it costs, where it can run, and what runs of it.</summary>
public sealed partial class ItemPage : IDisposable
{
    private static readonly WorkloadPhase[] Active = [.. Enum.GetValues<WorkloadPhase>().Where(p => p.IsActive())];

    private readonly PageLife _gone = new();
    private ItemDetail? _item;
    private PageOf<WorkloadRow>? _running;
    private Guid _you;
    private IDisposable? _changes;
    private (string Slug, int Page, int PageSize)? _loaded;
    private bool _missing;
    private bool _failed;

    [Parameter] public string Slug { get; set; } = "";

    [SupplyParameterFromQuery] private string? Tab { get; set; }

    [SupplyParameterFromQuery(Name = "page")] private int? PageNumber { get; set; }

    [SupplyParameterFromQuery] private int? PageSize { get; set; }

    [Inject] private CatalogQueries Catalog { get; set; } = null!;

    [Inject] private WorkloadQueries Workloads { get; set; } = null!;

    [Inject] private WorkloadChangeFeed Feed { get; set; } = null!;

    [Inject] private CurrentActor CurrentActor { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string ActiveTab => Tab is "parameters" or "versions" or "running" ? Tab : "overview";

    private bool MayLaunchNow => _item!.Card.Targets.Any(t => t.Available);

    private (string Slug, int Page, int PageSize) Wanted => (Slug, Math.Max(PageNumber ?? 1, 1), PageSize ?? 25);

    private IReadOnlyList<TabItem> TabItems =>
    [
        new("overview", "Overview", $"/catalog/{Slug}"),
        new("parameters", "Parameters", $"/catalog/{Slug}?tab=parameters", _item!.Spec.Parameters.Count(p => p.UserFacing)),
        new("versions", "Versions", $"/catalog/{Slug}?tab=versions", _item.Versions.Count),
        new("running", "Running", $"/catalog/{Slug}?tab=running", _running!.Total),
    ];

    protected override void OnInitialized() => _changes = Feed.Subscribe(change => change.OfPeople ? Task.CompletedTask : InvokeAsync(RefreshRunningAsync));

    protected override Task OnParametersSetAsync() => _loaded == Wanted ? Task.CompletedTask : LoadAsync();

    public void Dispose()
    {
        _changes?.Dispose();
        _gone.Dispose();
    }

    private async Task LoadAsync()
    {
        _failed = _missing = false;
        if (_loaded?.Slug != Slug) _item = null;
        _loaded = Wanted;
        await GuardAsync(async () =>
        {
            var actor = await CurrentActor.GetAsync(_gone.Token);
            _you = actor.UserId;
            _running = await Workloads.ListAsync(Filter, actor, _gone.Token);
            _item = await Catalog.FindAsync(Slug, actor, _gone.Token);
            _missing = _item is null;
        });
    }

    private WorkloadFilter Filter => new() { Item = Slug, Phases = Active, Page = Wanted.Page, PageSize = Wanted.PageSize };

    private async Task RefreshRunningAsync()
    {
        if (_item is null || _gone.IsOver) return;
        try
        {
            _running = await Workloads.ListAsync(Filter, await CurrentActor.GetAsync(_gone.Token), _gone.Token);
            StateHasChanged();
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SignedOutException || ApiProblems.IsDatabaseDown(exception))
        {
            // What is shown stays until the next change or the next visit.
        }
    }

    private async Task GuardAsync(Func<Task> load)
    {
        try
        {
            await load();
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
}
