using Microsoft.AspNetCore.Components;
using MudBlazor;
using Portal.Application;
using Portal.Application.Notifications;
using Portal.Domain.Access;
using Portal.Domain.Notifications;
using Portal.Web.Components.Surfaces;

namespace Portal.Web.Components.Pages.Admin.Deliveries;

/// <summary>What of everybody's notifications waits to be sent or was given up, and trying it again.</summary>
public sealed partial class DeliveriesPage
{
    private PageOf<DeliveryRow>? _page;
    private int _waiting, _failed;
    private bool _mailIsOn;

    [SupplyParameterFromQuery] private string? Show { get; set; }

    [SupplyParameterFromQuery(Name = "page")] private int? PageNumber { get; set; }

    [SupplyParameterFromQuery] private int? PageSize { get; set; }

    [Inject] private NotificationQueries Queries { get; set; } = null!;

    [Inject] private RetryDelivery Retry { get; set; } = null!;

    private IReadOnlyList<TabItem> TabItems =>
        [new("all", "Both", "/admin/deliveries", _waiting + _failed), new("failed", "Failed", "/admin/deliveries?show=failed", _failed), new("waiting", "Waiting", "/admin/deliveries?show=waiting", _waiting)];

    protected override Task OnParametersSetAsync() => Load.IsLoading ? Task.CompletedTask : ReloadAsync();

    protected override async Task ReadAsync(Actor actor)
    {
        Refused = !actor.May(PortalAction.ManageDeliveries);
        if (Refused) return;
        DeliveryState? state = Show switch { "failed" => DeliveryState.Failed, "waiting" => DeliveryState.Waiting, _ => null };
        _page = await Queries.DeliveriesAsync(state, Math.Clamp(PageNumber ?? 1, 1, 100_000), Math.Clamp(PageSize ?? 25, 1, PageOf<DeliveryRow>.MaxSize), actor, Gone);
        _failed = (await Queries.DeliveriesAsync(DeliveryState.Failed, 1, 1, actor, Gone))!.Total;
        _waiting = (await Queries.DeliveriesAsync(DeliveryState.Waiting, 1, 1, actor, Gone))!.Total;
        _mailIsOn = (await Queries.WaysAsync(actor, Gone)).MailIsOn;
    }

    private async Task RetryAsync(Guid? id)
    {
        await Load.RunAsync(async () =>
        {
            if (await Retry.ExecuteAsync(id, await Actors.GetAsync(Gone), Gone) is NotificationOutcome.Done) Snackbar.Add(id is null ? "All that failed is tried again." : "It is tried again.", Severity.Success);
            else Snackbar.Add("It has been delivered, or is being tried now.", Severity.Info);
        }, Navigation);
        await ReloadAsync();
    }
}
