using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Settings;
using Portal.Application.Teams;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Settings;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>Whose a workload is: offers, take-overs, and owners who have gone. Lena owns; Tom is of her team; Max leads it; Oskar is of another.</summary>
public sealed class OwnershipTests : HostedTests
{
    private Actor _tom = null!, _max = null!, _oskar = null!, _ada = null!;
    private Guid _id;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _tom = await Host.AddPersonAsync("Tom", ["vision"]);
        _max = await Host.AddPersonAsync("Max", ["vision!"]);
        _oskar = await Host.AddPersonAsync("Oskar", ["risk!"]);
        _ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
        _id = await Host.LaunchRunningAsync(Lena, name: "hers");
    }

    private Task<WorkloadOutcome> OfferAsync(string to, Actor? by = null) => Host.Get<OfferWorkload>().ExecuteAsync(_id, to, by ?? Lena, default);

    private Task<WorkloadOutcome> AnswerAsync(TransferState answer, Actor by) => Host.Get<AnswerOffer>().ExecuteAsync(_id, answer, by, default);

    private async Task<List<string>> ToldAsync(Actor person)
    {
        await using var db = await Host.OpenAsync();
        return await db.Notifications.Where(n => n.UserId == person.UserId).OrderBy(n => n.CreatedAt).Select(n => n.Title).ToListAsync();
    }

    private async Task<Guid> OwnerAsync() => (await Host.RowAsync(_id)).OwnerId;

    [Fact]
    public async Task Offer_Accepted_MakesTheOtherTheOwner_AndTellsBoth()
    {
        (await OfferAsync("TOM@example.org")).Should().BeOfType<WorkloadOutcome.Accepted>();
        (await OwnerAsync()).Should().Be(Lena.UserId, "an offer alone changes nothing");
        (await Host.Get<WorkloadDetailQueries>().FindAsync(_id, Lena, default))!.Offer!.To.Should().Be("Tom");
        (await AnswerAsync(TransferState.Accepted, _oskar)).Should().BeOfType<WorkloadOutcome.NotFound>();
        (await AnswerAsync(TransferState.Accepted, _max)).Should().BeOfType<WorkloadOutcome.Forbidden>("it was not offered to him");

        (await AnswerAsync(TransferState.Accepted, _tom)).Should().BeOfType<WorkloadOutcome.Accepted>();

        (await OwnerAsync()).Should().Be(_tom.UserId);
        (await ToldAsync(_tom)).Should().Equal("Lena offers you “hers”");
        (await ToldAsync(Lena)).Should().Equal("Tom owns “hers” now");
        (await Host.Get<StopWorkload>().ExecuteAsync(_id, Lena, default)).Should().BeOfType<WorkloadOutcome.Forbidden>("it is not hers any more");
        await WishAsync(() => Host.Get<StopWorkload>().ExecuteAsync(_id, _tom, default));
        (await AnswerAsync(TransferState.Accepted, _tom)).Should().BeOfType<WorkloadOutcome.Conflict>();
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Offer_DeclinedOrTakenBack_ChangesNothing()
    {
        await OfferAsync("tom@example.org");
        (await AnswerAsync(TransferState.Declined, _tom)).Should().BeOfType<WorkloadOutcome.Accepted>();
        (await ToldAsync(Lena)).Should().Equal("Tom declined to own “hers”");
        await OfferAsync("tom@example.org");
        (await AnswerAsync(TransferState.Withdrawn, _tom)).Should().BeOfType<WorkloadOutcome.Forbidden>();
        (await AnswerAsync(TransferState.Withdrawn, Lena)).Should().BeOfType<WorkloadOutcome.Accepted>();
        (await AnswerAsync(TransferState.Accepted, _tom)).Should().BeOfType<WorkloadOutcome.Conflict>();
        (await OwnerAsync()).Should().Be(Lena.UserId);
    }

    [Fact]
    public async Task Offer_ToOutsiders_ToOneself_OrByOthers_IsRefused()
    {
        (await OfferAsync("oskar@example.org")).Should().BeOfType<WorkloadOutcome.Invalid>("only the team that pays can own it");
        (await OfferAsync("nobody@example.org")).Should().BeOfType<WorkloadOutcome.Invalid>();
        (await OfferAsync("lena@example.org")).Should().BeOfType<WorkloadOutcome.Invalid>();
        (await OfferAsync("tom@example.org", _tom)).Should().BeOfType<WorkloadOutcome.Forbidden>("a member may not take what is not theirs");
        (await OfferAsync("oskar@example.org", _oskar)).Should().BeOfType<WorkloadOutcome.NotFound>();
    }

    [Fact]
    public async Task Offer_NewerTakesThePlaceOfTheOlder()
    {
        await OfferAsync("tom@example.org");
        await OfferAsync("max@example.org");
        (await AnswerAsync(TransferState.Accepted, _tom)).Should().BeOfType<WorkloadOutcome.Forbidden>();
        (await AnswerAsync(TransferState.Accepted, _max)).Should().BeOfType<WorkloadOutcome.Accepted>();
    }

    [Fact]
    public async Task Offer_PastItsTime_OrToSomebodyWhoLeft_CannotBeAccepted()
    {
        await OfferAsync("tom@example.org");
        await Host.Get<RemoveTeamMember>().ExecuteAsync("vision", "tom@example.org", _ada, default);
        (await AnswerAsync(TransferState.Accepted, await Host.ActorAsync(_tom.UserId))).Should().BeOfType<WorkloadOutcome.NotFound>();
        await Host.JoinAsync(_tom.UserId, "vision");
        await Host.Database.ExecuteAsync("update workload_transfers set expires_at = clock_timestamp() - interval '1 second'");
        (await AnswerAsync(TransferState.Accepted, _tom)).Should().BeOfType<WorkloadOutcome.Conflict>().Which.Reason.Should().Contain("expired");
        (await OwnerAsync()).Should().Be(Lena.UserId);
    }

    [Fact]
    public async Task Offer_WhileARequestWaits_IsRefused()
    {
        await Host.AskForEverythingAsync(_ada);
        (await Host.Get<ExtendWorkload>().ExecuteAsync(_id, TimeSpan.FromHours(4), Lena, default)).Should().BeOfType<WorkloadOutcome.ApprovalRequired>();
        (await OfferAsync("max@example.org")).Should().BeOfType<WorkloadOutcome.Conflict>("Max would then decide about his own");
    }

    [Fact]
    public async Task AcceptAndTakeBack_AtOnce_HaveOneOutcome()
    {
        for (var round = 0; round < 10; round++)
        {
            var owner = await OwnerAsync() == Lena.UserId ? (From: Lena, To: _tom) : (From: _tom, To: Lena);
            (await OfferAsync(owner.To.Email, owner.From)).Should().BeOfType<WorkloadOutcome.Accepted>();
            var outcomes = await Task.WhenAll(AnswerAsync(TransferState.Accepted, owner.To), AnswerAsync(TransferState.Withdrawn, owner.From));
            outcomes.Count(o => o is WorkloadOutcome.Accepted).Should().Be(1);
            (await OwnerAsync()).Should().Be(outcomes[0] is WorkloadOutcome.Accepted ? owner.To.UserId : owner.From.UserId);
        }
    }

    [Fact]
    public async Task OwnerGone_LeadsAreToldOnce_GraceThenStopped_NeverDeleted()
    {
        await Host.WithScopedAsync<UpdateUser, PeopleOutcome>(use => use.ExecuteAsync("lena@example.org", true, null, _ada, default));
        await Host.Get<WatchOwners>().ExecuteAsync(default);
        (await Host.Get<WatchOwners>().ExecuteAsync(default)).Should().Be(0, "it is noticed once");
        await Host.PumpAsync();
        (await Host.RowAsync(_id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.OwnerGoneAt != null);
        (await ToldAsync(_max)).Should().Equal("“hers” has no owner any more");
        (await ToldAsync(_tom)).Should().BeEmpty();

        await Host.Database.ExecuteAsync("update workloads set owner_gone_at = owner_gone_at - interval '3 days 1 second'");
        await Host.Get<WatchOwners>().ExecuteAsync(default);
        await Host.PumpAsync();

        (await Host.RowAsync(_id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Stopped && w.Desired == DesiredState.Stopped && w.PhaseReason!.Contains("nobody took it over"));
        (await ToldAsync(_max)).Should().HaveCount(2);
        (await Host.Get<StartWorkload>().ExecuteAsync(_id, _max, default)).Should().BeOfType<WorkloadOutcome.Conflict>().Which.Reason.Should().Contain("Take it over first");
        await WishAsync(() => OfferAsync("max@example.org", _max));
        await WishAsync(() => Host.Get<StartWorkload>().ExecuteAsync(_id, _max, default));
        (await Host.RowAsync(_id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.OwnerId == _max.UserId && w.OwnerGoneAt == null);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task OwnerGone_ComingBack_IsForgotten()
    {
        await Host.Get<PortalSettings>().ChangeAsync(SettingKeys.OwnerGrace, "PT1H", _ada, default);
        await Host.Get<RemoveTeamMember>().ExecuteAsync("vision", "lena@example.org", _ada, default);
        await Host.Get<WatchOwners>().ExecuteAsync(default);
        (await TimelineAsync(_id)).Should().Contain("Its owner, Lena, is no longer in the team. It is stopped in 1 hours unless somebody takes it over.");
        await Host.JoinAsync(Lena.UserId, "vision");
        await Host.Database.ExecuteAsync("update workloads set owner_gone_at = owner_gone_at - interval '1 day'");
        await Host.Get<WatchOwners>().ExecuteAsync(default);
        await Host.PumpAsync();
        (await Host.RowAsync(_id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Running && w.OwnerGoneAt == null);
    }
}
