using Microsoft.AspNetCore.Components;
using Portal.Application;
using Portal.Application.Notifications;
using Portal.Web.Access;
using Portal.Web.Components.Surfaces;
using Portal.Web.Components.Workloads;

namespace Portal.Web.Components.Pages.Notifications;

/// <summary>All notifications of the person, or the unread ones.</summary>
public sealed partial class NotificationsPage : IDisposable
{
    private readonly PageLife _gone = new();
    private readonly PageLoad _load = new();
    private PageOf<NotificationRow>? _page;
    private int _unread;
    private Guid _me;

    [SupplyParameterFromQuery] private string? Show { get; set; }

    [SupplyParameterFromQuery(Name = "page")] private int? PageNumber { get; set; }

    [SupplyParameterFromQuery] private int? PageSize { get; set; }

    [Inject] private NotificationQueries Queries { get; set; } = null!;

    [Inject] private MarkNotificationsRead MarkRead { get; set; } = null!;

    [Inject] private CurrentActor Actors { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    private bool UnreadOnly => Show == "unread";

    private IReadOnlyList<TabItem> TabItems => [new("all", "All", "/notifications"), new("unread", "Unread", "/notifications?show=unread", _load.IsLoading ? null : _unread)];

    protected override Task OnParametersSetAsync() => ReloadAsync();

    public void Dispose()
    {
        _gone.Dispose();
    }

    private async Task ReloadAsync()
    {
        await _load.RunAsync(async () =>
        {
            var actor = await Actors.GetAsync(_gone.Token);
            _me = actor.UserId;
            _page = await Queries.ListAsync(UnreadOnly, Math.Clamp(PageNumber ?? 1, 1, 100_000), Math.Clamp(PageSize ?? 25, 1, PageOf<NotificationRow>.MaxSize), actor, _gone.Token);
            _unread = UnreadOnly ? _page.Total : (await Queries.ListAsync(true, 1, 1, actor, _gone.Token)).Total;
        }, Navigation);
        StateHasChanged();
    }

    private async Task MarkAsync(NotificationRow notification)
    {
        if (notification.ReadAt is not null) return;
        // Also runs when its link was followed and the page is being left.
        await _load.RunAsync(async () => await MarkRead.ExecuteAsync([notification.Id], null, await Actors.GetAsync(CancellationToken.None), CancellationToken.None), Navigation);
        if (!_gone.IsOver) await ReloadAsync();
    }

    private async Task MarkAllAsync()
    {
        await _load.RunAsync(async () => await MarkRead.ExecuteAsync(null, null, await Actors.GetAsync(_gone.Token), CancellationToken.None), Navigation);
        await ReloadAsync();
    }
}
