using System.Globalization;
using Microsoft.AspNetCore.Components;
using Portal.Application.Costs;
using Portal.Web.Access;
using Portal.Web.Components.Workloads;

namespace Portal.Web.Components.Pages.Costs;

/// <summary>What everything one may see has cost, by day and by group, down to the records of the ledger. The address holds the view.</summary>
public partial class CostsPage : IDisposable
{
    private const int MostRows = 200;

    private readonly PageLife _gone = new();
    private readonly PageLoad _load = new();
    private CostView? _view;
    private CostView? _shown;
    private CostOverview? _overview;
    private CostDays? _days;
    private IReadOnlyDictionary<string, string> _filterNames = new Dictionary<string, string>();
    private DateTimeOffset _now;
    private string? _address;

    // Read from the address as a whole; taken as parameters so that the page hears of every change.
    [SupplyParameterFromQuery(Name = "group")] private string? GroupWord { get; set; }

    [SupplyParameterFromQuery(Name = "then")] private string? ThenWord { get; set; }

    [SupplyParameterFromQuery(Name = "month")] private string? MonthWord { get; set; }

    [SupplyParameterFromQuery(Name = "from")] private string? FromWord { get; set; }

    [SupplyParameterFromQuery(Name = "to")] private string? ToWord { get; set; }

    [SupplyParameterFromQuery(Name = "filter")] private string[]? FilterWords { get; set; }

    [Inject] private CurrentActor Actors { get; set; } = null!;

    [Inject] private CostReportQueries Costs { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    private bool IsMonthToDate => _shown is { IsMonth: true } && _shown.From <= _now && _now < _shown.To;

    private string Period => CostLook.Period(_shown!, _now);

    private string? Sub => _overview is null || _shown is null ? null
        : $"{Period}{(_shown.To is { } to && to <= _overview.Report.AsOf ? "" : $", to {_overview.Report.AsOf.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture)} UTC")}, {_overview.Report.Currency}";

    // A list among the parameters makes every rendering look like a change; only another address is one.
    protected override Task OnParametersSetAsync() => _address == Navigation.Uri ? Task.CompletedTask : ReloadAsync();

    public void Dispose()
    {
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task ReloadAsync()
    {
        (_address, _now) = (Navigation.Uri, Time.GetUtcNow());
        var view = _view = CostView.Of(_address, _now);
        await _load.RunAsync(async () =>
        {
            var actor = await Actors.GetAsync(_gone.Token);
            var overview = await Costs.OverviewAsync(view.Query with { GroupBy = [view.Group] }, MostRows, actor, _gone.Token);
            var names = await NamesAsync(view, actor);
            // Meanwhile the person may have gone on to another view.
            if (view != _view) return;
            (_overview, _shown, _days, _filterNames) = (overview, view, CostDays.Of(overview, view), names);
        }, Navigation);
        StateHasChanged();
    }

    // A filter holds a workload's id; people know it by its name.
    private async Task<IReadOnlyDictionary<string, string>> NamesAsync(CostView view, Domain.Access.Actor actor)
    {
        var workload = new CostDimension(CostDimensionKind.Workload);
        if (view.Filters.FirstOrDefault(f => f.Dimension == workload) is not { } filter) return new Dictionary<string, string>();
        var named = await Costs.ReadAsync(new CostQuery { From = view.From, To = view.To, GroupBy = [workload], Filters = [filter] }, MostRows, actor, _gone.Token);
        return named.Rows.ToDictionary(r => r.Keys[0], r => r.Names[0]);
    }

    private void Go(CostView view) => Navigation.NavigateTo(view.Href, replace: true);
}
