using AngleSharp.Dom;
using AwesomeAssertions;
using Bunit;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using MudBlazor;
using Portal.Application.Notifications;
using Portal.Domain.Access;
using Portal.Domain.Notifications;
using Portal.Testing.Hosting;
using Portal.Web.Components.Layout;
using Portal.Web.Components.Pages.Account;
using Portal.Web.Components.Pages.Admin.Deliveries;
using Portal.Web.Components.Pages.Notifications;
using Xunit;

namespace Portal.Web.Tests.Pages.Notifications;

/// <summary>The bell, the page of notifications, choices under Account, and deliveries for administrators.</summary>
public sealed class NotificationPagesTests : PageTest
{
    private async Task<Guid> AddAsync(string title, Guid? person = null, int minutesAgo = 0, NotificationKind kind = NotificationKind.WorkloadFailed)
    {
        await using var db = await Host.OpenAsync();
        var note = new Notification { Id = Guid.NewGuid(), UserId = person ?? Lena.UserId, Kind = kind, Title = title, Link = "/workloads/1", Key = title, InApp = true, CreatedAt = TimeProvider.System.GetUtcNow().AddMinutes(-minutesAgo) };
        db.Notifications.Add(note);
        await db.SaveChangesAsync();
        return note.Id;
    }

    private async Task<Guid> AddFailureAsync(string title, Guid? person = null)
    {
        var note = await AddAsync(title, person);
        await using var db = await Host.OpenAsync();
        var delivery = new NotificationDelivery { Id = Guid.NewGuid(), NotificationId = note, Channel = NotificationChannel.Email, State = DeliveryState.Failed, Attempts = 8, LastError = "Connection refused", NextAttemptAt = TimeProvider.System.GetUtcNow(), CreatedAt = TimeProvider.System.GetUtcNow() };
        db.NotificationDeliveries.Add(delivery);
        await db.SaveChangesAsync();
        return delivery.Id;
    }

    private async Task<int> UnreadAsync() => (await Host.Get<NotificationQueries>().BellAsync(Lena, default)).Unread;

    private IRenderedComponent<MudPopoverProvider> Open(IRenderedComponent<Bell> bell, string label)
    {
        var popovers = Render<MudPopoverProvider>();
        bell.WaitForAssertion(() => bell.FindAll("button").Should().Contain(b => b.GetAttribute("aria-label") == label));
        bell.Find("button").Click();
        popovers.WaitForAssertion(() => Read(popovers).Should().Contain("All notifications"));
        return popovers;
    }

    private static IElement Item(IRenderedComponent<IComponent> popovers, string words) => popovers.FindAll(".mud-menu-item").Single(i => Read(i).Contains(words, StringComparison.Ordinal));

    [Fact]
    public void Bell_Empty_SaysSo() => Read(Open(Render<Bell>(), "Notifications")).Should().Contain("Nothing new.");

    [Fact]
    public async Task Bell_CountsUnread_AnEntryOpensItsLinkAndIsRead_AllCanBeMarked()
    {
        await AddAsync("First happened", minutesAgo: 2);
        await AddAsync("Second happened", minutesAgo: 1);
        var max = await Host.AddPersonAsync("Max");
        await AddAsync("Not for Lena", max.UserId);
        var bell = Render<Bell>();
        var popovers = Open(bell, "Notifications, 2");
        Read(popovers).Should().MatchRegex("Second happened.*First happened").And.NotContain("Not for Lena");

        await popovers.InvokeAsync(() => Item(popovers, "First happened").Click());
        bell.WaitForAssertion(() => bell.Find("button").GetAttribute("aria-label").Should().Be("Notifications, 1"));
        Navigation.Uri.Should().EndWith("/workloads/1");
        (await UnreadAsync()).Should().Be(1);

        bell.Find("button").Click();
        popovers.WaitForAssertion(() => Item(popovers, "Mark all read"));
        await popovers.InvokeAsync(() => Item(popovers, "Mark all read").Click());
        bell.WaitForAssertion(() => bell.Find("button").GetAttribute("aria-label").Should().Be("Notifications"));
        (await UnreadAsync()).Should().Be(0);
    }

    [Fact]
    public async Task Bell_ShowsApprovalsThatWait()
    {
        var (ada, max) = (await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]), await Host.AddPersonAsync("Max", ["vision!"]));
        await Host.AskForEverythingAsync(ada);
        await Host.Get<Portal.Application.Workloads.LaunchWorkload>().ExecuteAsync(new() { Item = HostWorkloads.Notebook, Name = "asked-for", Hardware = "cpu-tiny" }, Lena, default);
        SignIn(max);
        Read(Open(Render<Bell>(), "Notifications, 1")).Should().Contain("1 request waits for your decision").And.Contain("Lena asks to launch “asked-for”");
    }

    [Fact]
    public async Task Page_ListsFiltersAndMarks()
    {
        var empty = Render<NotificationsPage>();
        empty.WaitForAssertion(() => Read(empty).Should().Contain("Nothing yet"));
        await AddAsync("One happened", minutesAgo: 1);
        var read = await AddAsync("Two happened");
        await Host.Get<MarkNotificationsRead>().ExecuteAsync([read], null, Lena, default);

        var all = Render<NotificationsPage>();
        all.WaitForAssertion(() => Read(all).Should().MatchRegex("Two happened.*One happened").And.Contain("1 unread"));
        Navigation.NavigateTo("/notifications?show=unread");
        var unread = Render<NotificationsPage>();
        unread.WaitForAssertion(() => Read(unread).Should().Contain("One happened").And.NotContain("Two happened"));
        await unread.InvokeAsync(() => unread.Find("button[aria-label='Mark as read: One happened']").Click());
        unread.WaitForAssertion(() => Read(unread).Should().Contain("Nothing unread"));
    }

    [Fact]
    public async Task Choices_AreKeptWhenTheyAreTicked()
    {
        Host.Mail.Host = "127.0.0.1";
        RenderDialogs();
        var tab = Render<NotificationsTab>();
        tab.WaitForAssertion(() => tab.Find("input[aria-label='A workload failed: e-mail']").HasAttribute("checked").Should().BeTrue("a failure goes by e-mail unless somebody chose otherwise"));
        tab.Find("input[aria-label='A workload failed: webhook']").HasAttribute("disabled").Should().BeTrue("there is no webhook");

        await tab.InvokeAsync(() => tab.Find("input[aria-label='A workload failed: e-mail']").Change(false));

        tab.WaitForAssertion(() => tab.Find("input[aria-label='A workload failed: e-mail']").HasAttribute("checked").Should().BeFalse());
        (await Host.Get<NotificationQueries>().WaysAsync(Lena, default)).Choices.Should().Contain(new Choice(NotificationKind.WorkloadFailed, true, false, false));
    }

    [Fact]
    public async Task Webhook_IsSet_ShowsItsSecretOnce_AndRefusesInside()
    {
        RenderDialogs();
        var tab = Render<NotificationsTab>();
        tab.WaitForAssertion(() => tab.Find("#webhook-url"));
        await tab.InvokeAsync(() => tab.Find("#webhook-url").Input("https://10.0.0.1/x"));
        await tab.InvokeAsync(() => tab.Find("form").Submit());
        tab.WaitForAssertion(() => Read(tab).Should().Contain("Must lie on the open internet"));

        await tab.InvokeAsync(() => tab.Find("#webhook-url").Input("https://hooks.example.org/services/1"));
        await tab.InvokeAsync(() => tab.Find("form").Submit());
        tab.WaitForAssertion(() => Read(tab).Should().Contain("whk_").And.Contain("sends to hooks.example.org").And.NotContain("services/1"));
        await tab.InvokeAsync(() => tab.FindAll("button").Single(b => Read(b) == "I have copied it").Click());
        tab.WaitForAssertion(() => Read(tab).Should().NotContain("whk_"));
        Render<NotificationsTab>().WaitForAssertion(() => Read(tab).Should().NotContain("whk_").And.Contain("sends to hooks.example.org"));
    }

    [Fact]
    public async Task Failures_AreShownToThePersonAndTheAdministrator_WhoTryThemAgain()
    {
        RenderDialogs();
        var (mine, max) = (await AddFailureAsync("Mine failed"), await Host.AddPersonAsync("Max"));
        var other = await AddFailureAsync("Other failed", max.UserId);
        var tab = Render<NotificationsTab>();
        tab.WaitForAssertion(() => Read(tab).Should().Contain("Mine failed").And.Contain("Given up after 8 attempts: Connection refused").And.NotContain("Other failed"));
        await tab.InvokeAsync(() => tab.Find("button[aria-label='Try again: Mine failed']").Click());
        tab.WaitForAssertion(() => Read(tab).Should().Contain("Tried again in"));

        var refused = Render<DeliveriesPage>();
        refused.WaitForAssertion(() => Read(refused).Should().Contain("Only administrators come in here"));
        SignIn(await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]));
        var page = Render<DeliveriesPage>();
        page.WaitForAssertion(() => Read(page).Should().Contain("Mine failed").And.Contain("Other failed").And.Contain("max@example.org").And.Contain("Connection refused"));
        await page.InvokeAsync(() => page.FindAll("button").Single(b => Read(b) == "Try all again").Click());
        page.WaitForAssertion(() => page.FindAll("button").Should().NotContain(b => Read(b) == "Try all again"));
        await using var db = await Host.OpenAsync();
        (await db.NotificationDeliveries.AsNoTracking().Where(d => d.Id == mine || d.Id == other).Select(d => d.State).ToListAsync()).Should().Equal(DeliveryState.Waiting, DeliveryState.Waiting);
    }
}
