using Microsoft.AspNetCore.Components;
using Portal.Application.Costs;
using Portal.Web.Access;
using Portal.Web.Components.Workloads;

namespace Portal.Web.Components.Pages.Costs;

public partial class CostRows : IDisposable
{
    private const int Most = 200;

    private readonly PageLife _gone = new();
    private readonly PageLoad _load = new();
    private readonly HashSet<string> _open = [];
    private CostReport? _report;
    private DateTimeOffset? _readFor;

    /// <summary>What is counted at this level.</summary>
    [Parameter, EditorRequired] public CostQuery Query { get; set; } = null!;

    /// <summary>What this level and those below it are grouped by.</summary>
    [Parameter, EditorRequired] public IReadOnlyList<CostDimension> Levels { get; set; } = [];

    /// <summary>The rows, where the page has read them; otherwise they are read here.</summary>
    [Parameter] public CostReport? Report { get; set; }

    /// <summary>What shares are of.</summary>
    [Parameter, EditorRequired] public CostSum Whole { get; set; } = null!;

    /// <summary>A later instant reads again.</summary>
    [Parameter] public DateTimeOffset AsOf { get; set; }

    /// <summary>Keys of the groups that have a colour; none: no colours.</summary>
    [Parameter] public IReadOnlyList<string> Colors { get; set; } = [];

    /// <summary>How far in, from 0.</summary>
    [Parameter] public int Depth { get; set; }

    [Inject] private CurrentActor Actors { get; set; } = null!;

    [Inject] private CostReportQueries Costs { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string Indent => FormattableString.Invariant($"--depth: {Depth}");

    protected override async Task OnParametersSetAsync()
    {
        if (Report is not null) _report = Report;
        else if (_readFor != AsOf) await LoadAsync();
    }

    public void Dispose()
    {
        _gone.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task LoadAsync()
    {
        _readFor = AsOf;
        await _load.RunAsync(async () => _report = await Costs.TopAsync(Query with { GroupBy = [Levels[0]] }, Most, await Actors.GetAsync(_gone.Token), _gone.Token), Navigation);
        StateHasChanged();
    }

    private void Toggle(string key)
    {
        if (!_open.Remove(key)) _open.Add(key);
    }

    // The level of workloads may be above one of something else; then its filter names the workload.
    private string Workload(string key) => Levels[0].Kind == CostDimensionKind.Workload ? key : Query.Filters.Last(f => f.Dimension.Kind == CostDimensionKind.Workload).Values[0];

    private string Hue(string key) => Colors.ToList().IndexOf(key) is var n and >= 0 ? $"var(--chart-{n + 1})" : "var(--chart-other)";
}
