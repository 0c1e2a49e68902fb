using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Application.Data;
using Portal.Application.Notifications;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Domain.Compute;
using Portal.Domain.Notifications;
using Portal.Testing.Hosting;
using Portal.Testing.Notifications;
using Xunit;

namespace Portal.Application.Tests.Notifications;

/// <summary>Who is told what, by which ways, and how often.</summary>
public sealed class TellTests : NotificationTests
{
    [Fact]
    public async Task Choices_DecideWhichRowsThereAre()
    {
        (Host.Mail.Host, Host.Webhooks.AllowPrivate) = ("127.0.0.1", true);
        async Task<(int Notes, int Shown, string Ways)> CountAsync(string key, NotificationKind kind)
        {
            await TellAsync(key: key, kind: kind);
            await using var db = await Host.OpenAsync();
            var note = await db.Notifications.SingleOrDefaultAsync(n => n.Key == key);
            var ways = note is null ? [] : await db.NotificationDeliveries.Where(d => d.NotificationId == note.Id).Select(d => d.Channel.ToString()).Order().ToListAsync();
            return (note is null ? 0 : 1, note?.InApp == true ? 1 : 0, string.Join(' ', ways));
        }

        (await CountAsync("a", NotificationKind.WorkloadFailed)).Should().Be((1, 1, "Email"), "the defaults of a failure");
        (await CountAsync("b", NotificationKind.WorkloadStopped)).Should().Be((1, 1, ""), "the defaults of a stop");
        await ChooseAsync(NotificationKind.WorkloadStopped, false, true, true);
        (await CountAsync("c", NotificationKind.WorkloadStopped)).Should().Be((1, 0, "Email"), "there is no webhook yet");
        await Host.Get<SetWebhook>().ExecuteAsync("http://127.0.0.1:9/x", false, Lena, default);
        (await CountAsync("d", NotificationKind.WorkloadStopped)).Should().Be((1, 0, "Email Webhook"));
        Host.Mail.Host = null;
        (await CountAsync("e", NotificationKind.WorkloadStopped)).Should().Be((1, 0, "Webhook"), "there is no mail server any more");
        await ChooseAsync(NotificationKind.WorkloadStopped, false, false, false);
        (await CountAsync("f", NotificationKind.WorkloadStopped)).Should().Be((0, 0, ""));
        (await Host.Get<NotificationQueries>().BellAsync(Lena, default)).Unread.Should().Be(2);
        (await Host.Get<NotificationQueries>().WaysAsync(Lena, default)).Choices.Should().Contain(new Choice(NotificationKind.WorkloadStopped, false, false, false)).And.Contain(new Choice(NotificationKind.OwnerGone, true, true, false));

        await using (var db = await Host.OpenAsync())
        {
            await db.Users.Where(u => u.Id == Lena.UserId).ExecuteUpdateAsync(u => u.SetProperty(x => x.Disabled, true));
        }
        (await CountAsync("g", NotificationKind.WorkloadFailed)).Should().Be((0, 0, ""), "disabled people are told nothing");
    }

    [Fact]
    public async Task SameKey_ByTwoTransactionsAtOnce_IsToldOnce_AndRollbackTellsNothing()
    {
        Host.Mail.Host = "127.0.0.1";
        var people = new List<Guid> { Lena.UserId };
        for (var i = 0; i < 4; i++) people.Add((await Host.AddPersonAsync($"P{i}")).UserId);
        async Task TellAllAsync(bool commit)
        {
            await using var db = await Host.OpenAsync();
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.TellAsync(people.OrderBy(_ => Random.Shared.Next()), new News(NotificationKind.WorkloadFailed, "once", "Once", "/"), await db.NowAsync(default), default);
            await Task.Delay(50);
            if (commit) await transaction.CommitAsync();
        }
        await TellAllAsync(commit: false);
        (await DeliveriesAsync()).Should().BeEmpty();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => TellAllAsync(commit: true)));
        await using var looking = await Host.OpenAsync();
        ((await looking.Notifications.CountAsync()), (await DeliveriesAsync()).Count).Should().Be((5, 5));
    }

    [Fact]
    public async Task Approval_TellsEachStepsPeople_ThenTheRequester()
    {
        var (max, ada, tom) = (await Host.AddPersonAsync("Max", ["vision!"]), await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]), await Host.AddPersonAsync("Tom"));
        await Host.AskForEverythingAsync(ada, """[{"approvers": {"teamLeads": true}}, {"approvers": {"role": "Admin"}}]""");
        await Host.Get<Delegations>().CreateAsync("tom@example.org", TimeProvider.System.GetUtcNow().AddMinutes(-1), TimeProvider.System.GetUtcNow().AddDays(1), max, default);
        var asked = (await Host.Get<LaunchWorkload>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Name = "for-friday", Hardware = "cpu-tiny", Reason = "For Friday." }, Lena, default)).Should().BeOfType<LaunchWorkload.Outcome.ApprovalRequired>().Subject;

        foreach (var approver in new[] { max, tom })
            (await OfAsync(approver)).Should().ContainSingle().Which.Should().Match<Notification>(n => n.Kind == NotificationKind.ApprovalWaiting && n.Title == "Lena asks to launch “for-friday”" && n.Link == $"/approvals?id={asked.RequestId}" && n.Text!.Contains("“For Friday.”"));
        (await OfAsync(ada)).Should().BeEmpty("it is not yet for administrators");
        (await OfAsync(Lena)).Should().BeEmpty();
        (await Host.Get<NotificationQueries>().BellAsync(tom, default)).Approvals.Should().Be(1);

        await Host.Get<DecideApproval>().ExecuteAsync(asked.RequestId, Verdict.Approve, null, null, max, default);
        (await OfAsync(ada)).Should().ContainSingle().Which.Kind.Should().Be(NotificationKind.ApprovalWaiting);
        (await OfAsync(Lena)).Should().BeEmpty("the last step is open");
        (await OfAsync(max)).Should().ContainSingle();
        (await Host.Get<NotificationQueries>().BellAsync(tom, default)).Approvals.Should().Be(0);

        await Host.Get<DecideApproval>().ExecuteAsync(asked.RequestId, Verdict.Deny, "Not this week.", null, ada, default);
        (await OfAsync(Lena)).Should().ContainSingle().Which.Should().Match<Notification>(n => n.Kind == NotificationKind.ApprovalDecided && n.Title == "Your request to launch “for-friday” was denied" && n.Text!.Contains("Not this week.") && n.Link == $"/workloads/{asked.WorkloadId}");
        (await OfAsync(ada)).Should().ContainSingle("who decided needs no telling");
    }

    [Fact]
    public async Task Approval_ExpiredIsTold_WithdrawnIsNot()
    {
        var (_, ada) = (await Host.AddPersonAsync("Max", ["vision!"]), await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]));
        await Host.AskForEverythingAsync(ada);
        async Task<Guid> AskAsync() => ((LaunchWorkload.Outcome.ApprovalRequired)await Host.Get<LaunchWorkload>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Hardware = "cpu-tiny" }, Lena, default)).RequestId;
        var (withdrawn, expired) = (await AskAsync(), await AskAsync());
        await Host.Get<WithdrawApproval>().ExecuteAsync(withdrawn, Lena, default);
        (await OfAsync(Lena)).Should().BeEmpty();
        await using (var db = await Host.OpenAsync()) await db.ApprovalRequests.Where(r => r.Id == expired).ExecuteUpdateAsync(r => r.SetProperty(x => x.ExpiresAt, DateTimeOffset.UnixEpoch));
        await Host.Get<ExpireApprovals>().ExecuteAsync(default);
        (await OfAsync(Lena)).Should().ContainSingle().Which.Title.Should().EndWith("has expired");
    }

    [Fact]
    public async Task PortalsOwnEndsAreTold_APersonsOwnAreNot()
    {
        var (stopped, expired) = (await Host.LaunchAsync(Lena), await Host.LaunchAsync(Lena));
        await Host.PumpAsync();
        await StopAsync(stopped);
        await Host.ObserveAsync();
        (await OfAsync(Lena)).Should().BeEmpty("Lena stopped it herself");
        await using (var db = await Host.OpenAsync()) await db.Workloads.Where(w => w.Id == expired).ExecuteUpdateAsync(w => w.SetProperty(x => x.ExpiresAt, DateTimeOffset.UnixEpoch).SetProperty(x => x.NextActionAt, DateTimeOffset.UnixEpoch));
        await Host.PumpAsync();
        await Host.ObserveAsync();
        (await OfAsync(Lena)).Should().ContainSingle().Which.Should().Match<Notification>(n => n.Kind == NotificationKind.WorkloadStopped && n.Text == "Stopped because its time was up." && n.Link == $"/workloads/{expired}");
    }

    [Fact]
    public async Task EndsThatComeNear_AreToldOnceEach_AndOldOnesCleared()
    {
        var (near, far, brief) = (await Host.LaunchAsync(Lena), await Host.LaunchAsync(Lena), await Host.LaunchAsync(Lena));
        await Host.PumpAsync();
        await TellAsync("Old", "old");
        var ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
        await Host.Get<ManageGrants>().RestrictAsync(RestrictedKind.Item, HostWorkloads.Notebook, new RestrictionTerms(null, TimeSpan.FromDays(30), OnGrantEnd.Keep, TimeSpan.Zero, null), ada, default);
        var grant = ((ApprovalOutcome.Done)await Host.Get<ManageGrants>().GrantAsync(RestrictedKind.Item, HostWorkloads.Notebook, "lena@example.org", TimeSpan.FromDays(30), null, ada, default)).RequestId;
        await using (var db = await Host.OpenAsync())
        {
            var now = await db.NowAsync(default);
            async Task EndsAsync(Guid id, TimeSpan began, TimeSpan left) => await db.Workloads.Where(w => w.Id == id).ExecuteUpdateAsync(w => w.SetProperty(x => x.StartedAt, now - began).SetProperty(x => x.ExpiresAt, now + left));
            await EndsAsync(near, TimeSpan.FromHours(5), TimeSpan.FromMinutes(50));
            await EndsAsync(far, TimeSpan.FromHours(5), TimeSpan.FromMinutes(70));
            await EndsAsync(brief, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(50));
            await db.Notifications.Where(n => n.Key == "old").ExecuteUpdateAsync(n => n.SetProperty(x => x.CreatedAt, now.AddDays(-91)));
            await Host.Get<WarnOfEnds>().ExecuteAsync(default);
            await Host.Get<WarnOfEnds>().ExecuteAsync(default);
            (await OfAsync(Lena)).Should().ContainSingle().Which.Should().Match<Notification>(n => n.Kind == NotificationKind.WorkloadEnding && n.Link == $"/workloads/{near}", "the grant has weeks, a short run's end is no news, and what is old is gone");

            await db.Database.ExecuteSqlAsync($"update access_grants set starts_at = starts_at - interval '28 days', ends_at = ends_at - interval '28 days' where id = {grant}");
            await Host.Get<WarnOfEnds>().ExecuteAsync(default);
            await Host.Get<WarnOfEnds>().ExecuteAsync(default);
            (await OfAsync(Lena)).Select(n => n.Kind).Should().Equal(NotificationKind.WorkloadEnding, NotificationKind.AccessEnding);
        }
        await Host.Get<ManageGrants>().RevokeAsync(grant, "Over.", ada, default);
        (await OfAsync(Lena)).Should().HaveCount(3).And.Contain(n => n.Title.Contains("revoked by Ada") && n.Text == "Over.");
    }

    [Fact]
    public async Task Read_IsForOnesOwnOnly_AndReachesOpenPages()
    {
        var max = await Host.AddPersonAsync("Max");
        var seen = new System.Collections.Concurrent.ConcurrentQueue<WorkloadChange>();
        using var subscription = Host.Get<WorkloadChangeFeed>().Subscribe(change => { seen.Enqueue(change); return Task.CompletedTask; });
        await Host.Get<WorkloadChangeListener>().StartAsync(default);
        await UntilAsync(() => seen.Any(c => c.IsEverything));
        await TellAsync("One", "1");
        await TellAsync("Two", "2");
        await UntilAsync(() => seen.Any(c => c.OfPeople && c.Ids.SetEquals([Lena.UserId])));

        var rows = (await Host.Get<NotificationQueries>().ListAsync(true, 1, 10, Lena, default)).Items;
        rows.Select(r => r.Title).Should().Equal("Two", "One");
        (await Host.Get<MarkNotificationsRead>().ExecuteAsync([rows[0].Id], null, max, default)).Should().Be(0);
        (await Host.Get<MarkNotificationsRead>().ExecuteAsync([rows[0].Id], null, Lena, default)).Should().Be(1);
        (await Host.Get<MarkNotificationsRead>().ExecuteAsync(null, null, Lena, default)).Should().Be(1);
        (await Host.Get<NotificationQueries>().BellAsync(Lena, default)).Should().Match<BellView>(b => b.Unread == 0 && b.Newest.Count == 2);
        await Host.Get<WorkloadChangeListener>().StopAsync(default);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var i = 0; i < 600 && !holds(); i++) await Task.Delay(50);
        holds().Should().BeTrue();
    }
}
