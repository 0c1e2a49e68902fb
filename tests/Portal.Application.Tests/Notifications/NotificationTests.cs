using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Application.Notifications;
using Portal.Domain.Access;
using Portal.Domain.Notifications;

namespace Portal.Application.Tests.Notifications;

/// <summary>Tests of notifications: telling, sending what is due, and looking at rows.</summary>
public abstract class NotificationTests : HostedTests
{
    /// <summary>Tells Lena, or somebody else, something.</summary>
    protected async Task TellAsync(string title = "Something happened", string key = "test:1", NotificationKind kind = NotificationKind.WorkloadFailed, string? text = null, Actor? to = null)
    {
        await using var db = await Host.OpenAsync();
        await db.TellAsync([(to ?? Lena).UserId], new News(kind, key, title, "/workloads/1", text), await db.NowAsync(default), default);
    }

    protected Task ChooseAsync(NotificationKind kind, bool inApp, bool email, bool webhook, Actor? by = null) => Host.Get<ChooseNotifications>().ExecuteAsync([new Choice(kind, inApp, email, webhook)], by ?? Lena, default);

    /// <summary>Sends everything that is due by now.</summary>
    protected async Task SendAsync(NotificationChannel channel = NotificationChannel.Email)
    {
        while (await Host.Get<DeliverNotifications>().ExecuteAsync(channel, default)) { }
    }

    /// <summary>Makes everything that waits due.</summary>
    protected async Task PassTimeAsync()
    {
        await using var db = await Host.OpenAsync();
        var past = await db.NowAsync(default) - TimeSpan.FromSeconds(1);
        await db.NotificationDeliveries.Where(d => d.State == DeliveryState.Waiting).ExecuteUpdateAsync(d => d.SetProperty(x => x.NextAttemptAt, past));
    }

    protected async Task<List<NotificationDelivery>> DeliveriesAsync()
    {
        await using var db = await Host.OpenAsync();
        return await db.NotificationDeliveries.AsNoTracking().OrderBy(d => d.CreatedAt).ThenBy(d => d.Channel).ToListAsync();
    }

    /// <summary>What a person was told, oldest first.</summary>
    protected async Task<List<Notification>> OfAsync(Actor person)
    {
        await using var db = await Host.OpenAsync();
        return await db.Notifications.AsNoTracking().Where(n => n.UserId == person.UserId).OrderBy(n => n.CreatedAt).ToListAsync();
    }
}
