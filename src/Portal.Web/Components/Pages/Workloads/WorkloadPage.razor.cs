using Microsoft.AspNetCore.Components;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Workloads;
using Portal.Web.Access;
using Portal.Web.Components.Surfaces;
using Portal.Web.Components.Workloads;

namespace Portal.Web.Components.Pages.Workloads;

/// <summary>One workload; the tab is part of the address.</summary>
public partial class WorkloadPage : IDisposable
{
    private readonly PageLife _gone = new();
    private readonly PageLoad _load = new();
    private Actor? _actor;
    private WorkloadDetail? _detail;
    private Guid _loadedId;
    private int _stamp;

    [Parameter] public Guid Id { get; set; }

    [Parameter] public string? Tab { get; set; }

    [Inject] private CurrentActor Actors { get; set; } = null!;

    [Inject] private WorkloadDetailQueries Details { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private string Current => TabItems.FirstOrDefault(t => t.Key == Tab)?.Key ?? "overview";

    private IReadOnlyList<TabItem> TabItems =>
    [
        new("overview", "Overview", $"/workloads/{Id}"),
        new("logs", "Logs", $"/workloads/{Id}/logs"),
        new("metrics", "Metrics", $"/workloads/{Id}/metrics"),
        new("cost", "Cost", $"/workloads/{Id}/cost"),
        new("timeline", "Timeline", $"/workloads/{Id}/timeline"),
        new("artifacts", "Artifacts", $"/workloads/{Id}/artifacts"),
        new("settings", "Settings", $"/workloads/{Id}/settings"),
    ];

    protected override Task OnParametersSetAsync() => _loadedId == Id && _detail is not null ? Task.CompletedTask : ReloadAsync();

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
            _detail = await Details.FindAsync(Id, _actor, _gone.Token);
            (_loadedId, _stamp) = (Id, _stamp + 1);
        }, Navigation);
        StateHasChanged();
    }
}
