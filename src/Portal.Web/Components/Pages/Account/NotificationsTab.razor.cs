using Microsoft.AspNetCore.Components;
using MudBlazor;
using Portal.Application.Notifications;
using Portal.Domain.Access;
using Portal.Domain.Notifications;
using Portal.Web.Access;
using Portal.Web.Components.Surfaces;
using Portal.Web.Components.Workloads;

namespace Portal.Web.Components.Pages.Account;

/// <summary>The person's ways: choices by kind, e-mail, webhook, and what failed.</summary>
public sealed partial class NotificationsTab : IDisposable
{
    private readonly PageLife _gone = new();
    private readonly PageLoad _load = new();
    private Actor? _you;
    private WaysView? _ways;
    private IReadOnlyList<DeliveryRow> _failures = [];
    private string? _made;
    private string? _error;
    private bool _busy;

    [Inject] private NotificationQueries Queries { get; set; } = null!;

    [Inject] private ChooseNotifications Choose { get; set; } = null!;

    [Inject] private SetWebhook Webhook { get; set; } = null!;

    [Inject] private RemoveWebhook Remove { get; set; } = null!;

    [Inject] private SendTestNotification Test { get; set; } = null!;

    [Inject] private RetryDelivery Retry { get; set; } = null!;

    [Inject] private CurrentActor Actors { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private ISnackbar Snackbar { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    protected override Task OnInitializedAsync() => ReloadAsync();

    public void Dispose()
    {
        _gone.Dispose();
    }

    private async Task ReloadAsync()
    {
        await _load.RunAsync(async () =>
        {
            _you = await Actors.GetAsync(_gone.Token);
            _ways = await Queries.WaysAsync(_you, _gone.Token);
            _failures = await Queries.MyFailuresAsync(_you, _gone.Token);
        }, Navigation);
        StateHasChanged();
    }

    // Not held back by, and not holding back, what the buttons do: several boxes may be ticked in a row.
    private async Task ChooseAsync(Choice choice)
    {
        await _load.RunAsync(async () => Say(await Choose.ExecuteAsync([choice], await Actors.GetAsync(_gone.Token), _gone.Token), null), Navigation);
        if (!_gone.IsOver) await ReloadAsync();
    }

    private async Task SaveAsync(string url) => await ActAsync(actor => Webhook.ExecuteAsync(url, false, actor, _gone.Token), "The webhook is saved.");

    private async Task RotateAsync()
    {
        if (await Dialogs.ConfirmAsync(new Confirmation("Make a new signing secret?", "Your receiver must learn the new one; what is signed from now on does not fit the old one.", "Make a new one")))
            await ActAsync(actor => Webhook.ExecuteAsync(null, true, actor, _gone.Token), null);
    }

    private async Task RemoveAsync()
    {
        if (await Dialogs.ConfirmAsync(new Confirmation("Remove the webhook?", "Nothing is sent there any more, and its secret is forgotten.", "Remove") { Destructive = true }))
            await ActAsync(actor => Remove.ExecuteAsync(actor, _gone.Token), "The webhook is removed.");
    }

    private Task RetryAsync(DeliveryRow row) => ActAsync(actor => Retry.ExecuteAsync(row.Id, actor, _gone.Token), "It is tried again.");

    private Task TestAsync(NotificationChannel channel) =>
        ActAsync(actor => Test.ExecuteAsync(channel, actor, _gone.Token), channel == NotificationChannel.Email ? $"The mail server has taken a test to {_you!.Email}." : "The receiver has taken the test.");

    private async Task ActAsync(Func<Actor, Task<NotificationOutcome>> act, string? done)
    {
        if (_busy) return;
        (_busy, _error) = (true, null);
        await _load.RunAsync(async () => Say(await act(await Actors.GetAsync(_gone.Token)), done), Navigation);
        _busy = false;
        if (!_gone.IsOver) await ReloadAsync();
    }

    private void Say(NotificationOutcome outcome, string? done)
    {
        switch (outcome)
        {
            case NotificationOutcome.Done well:
                _made = well.Secret ?? _made;
                if (done is not null) Snackbar.Add(done, Severity.Success);
                return;
            case NotificationOutcome.Invalid invalid:
                _error = string.Join(" ", invalid.Errors.SelectMany(e => e.Value));
                return;
            case NotificationOutcome.Conflict conflict:
                Snackbar.Add(conflict.Reason, Severity.Warning);
                return;
            default:
                Snackbar.Add(outcome is NotificationOutcome.Forbidden forbidden ? forbidden.Reason : "It is not there any more.", Severity.Warning);
                return;
        }
    }
}
