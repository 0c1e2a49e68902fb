using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Application.Catalog;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Access;

/// <summary>Restricted things: locked without a grant, asked for, given, used, taken away.</summary>
public sealed class GrantTests : HostedTests
{
    private Actor _ada = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
    }

    private Task<ApprovalOutcome> RestrictAsync(RestrictedKind kind, string slug, OnGrantEnd onEnd = OnGrantEnd.Keep, TimeSpan? grace = null) =>
        Host.Get<ManageGrants>().RestrictAsync(kind, slug, new RestrictionTerms(System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>("""[{"approvers": {"role": "Admin"}}]"""), TimeSpan.FromDays(30), onEnd, grace ?? TimeSpan.Zero, "Few of them"), _ada, default);

    private Task<LaunchWorkload.Outcome> TryAsync(Actor? by = null) => Host.Get<LaunchWorkload>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Hardware = "cpu-tiny" }, by ?? Lena, default);

    private Task<ApprovalOutcome> AskAsync(RestrictedKind kind = RestrictedKind.Item, string slug = HostWorkloads.Notebook, int days = 14) => Host.Get<RequestAccess>().ExecuteAsync(kind, slug, TimeSpan.FromDays(days), "For the pilot.", null, Lena, default);

    [Theory]
    [InlineData(RestrictedKind.Item, HostWorkloads.Notebook)]
    [InlineData(RestrictedKind.Category, "notebooks")]
    [InlineData(RestrictedKind.Hardware, "cpu-tiny")]
    public async Task Restricted_IsLockedUntilSomebodyElseSaysYes_AndLockedAgainAtOnceWhenRevoked(RestrictedKind kind, string slug)
    {
        (await RestrictAsync(kind, slug)).Should().BeOfType<ApprovalOutcome.Done>();
        (await TryAsync()).Should().BeOfType<LaunchWorkload.Outcome.Forbidden>().Which.Reason.Should().Contain("is restricted: Few of them. Ask for access");
        (await Host.Get<EstimateLaunch>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Hardware = "cpu-tiny" }, Lena, default)).Should().BeOfType<EstimateLaunch.Outcome.Estimated>().Which.Ruling.Should().BeOfType<LaunchRuling.Locked>();
        var card = (await Host.Get<CatalogQueries>().ItemsAsync(null, null, null, null, Lena, default)).Single(c => c.Slug == HostWorkloads.Notebook);
        (card.IsRestricted, card.IsGranted).Should().Be(kind == RestrictedKind.Hardware ? (false, true) : (true, false));

        var asked = (await AskAsync(kind, slug)).Should().BeOfType<ApprovalOutcome.Done>().Subject;
        (await AskAsync(kind, slug)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("already");
        (await Host.Get<ApprovalQueries>().ListAsync(ApprovalBox.ForMe, _ada, default)).Should().ContainSingle().Which.Should().Match<ApprovalRow>(r => r.Kind == ApprovalKind.Access && r.Hours == 336 && r.Reason == "For the pilot.");
        (await Host.Get<DecideApproval>().ExecuteAsync(asked.RequestId, Verdict.Approve, null, null, _ada, default)).Should().BeOfType<ApprovalOutcome.Done>();

        var launched = (await TryAsync()).Should().BeOfType<LaunchWorkload.Outcome.Launched>().Subject;
        await Host.PumpAsync();
        var grant = (await Host.Get<GrantQueries>().ListAsync(true, Lena, default)).Should().ContainSingle().Subject;
        (grant.Holds, grant.GrantedBy, grant.RequestId, grant.LastUsedAt is not null, Math.Round((grant.EndsAt - grant.StartsAt).TotalDays)).Should().Be((true, "Ada", asked.RequestId, true, 14));

        (await Host.Get<ManageGrants>().RevokeAsync(grant.Id, "The pilot is over.", _ada, default)).Should().BeOfType<ApprovalOutcome.Done>();
        (await TryAsync()).Should().BeOfType<LaunchWorkload.Outcome.Forbidden>();
        await Host.Get<EnforceGrants>().ExecuteAsync(default);
        (await PhaseAsync(launched.WorkloadId)).Should().Be(WorkloadPhase.Running, "the restriction lets it go on");
        await StopAsync(launched.WorkloadId);
        (await Host.Get<StartWorkload>().ExecuteAsync(launched.WorkloadId, Lena, default)).Should().BeOfType<WorkloadOutcome.Forbidden>("a start is a launch");
    }

    [Fact]
    public async Task GrantEnded_WhereItSaysStop_StopsAfterTheGrace()
    {
        await RestrictAsync(RestrictedKind.Hardware, "cpu-tiny", OnGrantEnd.Stop, TimeSpan.FromHours(1));
        await Host.Get<ManageGrants>().GrantAsync(RestrictedKind.Hardware, "cpu-tiny", "lena@example.org", TimeSpan.FromDays(1), null, _ada, default);
        var id = await Host.LaunchRunningAsync(Lena);
        await Host.Database.ExecuteAsync("update access_grants set starts_at = clock_timestamp() - interval '2 days', ends_at = clock_timestamp() - interval '59 minutes'; update access_restrictions set created_at = clock_timestamp() - interval '3 days'");
        (await Host.Get<EnforceGrants>().ExecuteAsync(default)).Should().Be(0, "it has an hour");
        await Host.Database.ExecuteAsync("update access_grants set ends_at = clock_timestamp() - interval '61 minutes'");
        (await Host.Get<EnforceGrants>().ExecuteAsync(default)).Should().Be(1);
        await Host.PumpAsync();
        (await Host.RowAsync(id)).Should().Match<Workload>(w => w.Phase == WorkloadPhase.Stopped && w.PhaseReason == "Its owner's access to hardware cpu-tiny has ended.");
        (await Host.Get<EnforceGrants>().ExecuteAsync(default)).Should().Be(0);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task TermsThatBecomeStricter_CountFromNow_NotFromAGrantLongGone()
    {
        await RestrictAsync(RestrictedKind.Hardware, "cpu-tiny");
        await Host.Get<ManageGrants>().GrantAsync(RestrictedKind.Hardware, "cpu-tiny", "lena@example.org", TimeSpan.FromDays(1), null, _ada, default);
        var id = await Host.LaunchRunningAsync(Lena);
        await Host.Database.ExecuteAsync("update access_grants set starts_at = clock_timestamp() - interval '9 days', ends_at = clock_timestamp() - interval '8 days'; update access_restrictions set created_at = clock_timestamp() - interval '9 days'");
        await RestrictAsync(RestrictedKind.Hardware, "cpu-tiny", OnGrantEnd.Stop, TimeSpan.FromHours(1));
        (await Host.Get<EnforceGrants>().ExecuteAsync(default)).Should().Be(0, "it has the hour that the terms give");
        await Host.Database.ExecuteAsync("update access_restrictions set created_at = clock_timestamp() - interval '61 minutes'");
        (await Host.Get<EnforceGrants>().ExecuteAsync(default)).Should().Be(1);
        (await Host.Get<RestartWorkload>().ExecuteAsync(id, Lena, default)).Should().BeOfType<WorkloadOutcome.Forbidden>("a restart does not undo it");
    }

    [Fact]
    public async Task Approval_OfALaunchWhoseGrantEndedMeanwhile_IsRefused()
    {
        await Host.AddPersonAsync("Max", ["vision!"]);
        await RestrictAsync(RestrictedKind.Item, HostWorkloads.Notebook);
        var given = (ApprovalOutcome.Done)await Host.Get<ManageGrants>().GrantAsync(RestrictedKind.Item, HostWorkloads.Notebook, "vision", TimeSpan.FromDays(1), null, _ada, default);
        await Host.AskForEverythingAsync(_ada, """[{"approvers": {"role": "Admin"}}]""");
        var asked = (await TryAsync()).Should().BeOfType<LaunchWorkload.Outcome.ApprovalRequired>("the team has access").Subject;
        await Host.Get<ManageGrants>().RevokeAsync(given.RequestId, null, _ada, default);
        (await Host.Get<DecideApproval>().ExecuteAsync(asked.RequestId, Verdict.Approve, null, null, _ada, default)).Should().BeOfType<ApprovalOutcome.Conflict>().Which.Reason.Should().Contain("no access any more");
    }

    [Fact]
    public async Task Grants_AreGivenByAdministratorsAndOwners_NeverToOneself_AndSeenByWhomTheyConcern()
    {
        await RestrictAsync(RestrictedKind.Item, HostWorkloads.Notebook);
        var grants = Host.Get<ManageGrants>();
        var owner = await Host.AddPersonAsync("Olga", ["platform!"]);
        var oskar = await Host.AddPersonAsync("Oskar", ["risk"]);
        Task<ApprovalOutcome> GiveAsync(Actor by, string to) => grants.GrantAsync(RestrictedKind.Item, HostWorkloads.Notebook, to, TimeSpan.FromDays(1), null, by, default);
        (await GiveAsync(_ada, "ada@example.org")).Should().BeOfType<ApprovalOutcome.Forbidden>().Which.Reason.Should().Contain("themselves");
        (await GiveAsync(owner, "platform")).Should().BeOfType<ApprovalOutcome.Forbidden>("her own team");
        (await GiveAsync(oskar, "oskar@example.org")).Should().BeOfType<ApprovalOutcome.Forbidden>();
        (await GiveAsync(owner, "nobody@example.org")).Should().BeOfType<ApprovalOutcome.Invalid>();
        var given = (await GiveAsync(owner, "lena@example.org")).Should().BeOfType<ApprovalOutcome.Done>().Subject;
        (await Host.Get<GrantQueries>().ListAsync(false, owner, default)).Should().ContainSingle().Which.MayRevoke.Should().BeTrue();
        (await Host.Get<GrantQueries>().ListAsync(false, oskar, default)).Should().BeEmpty();
        (await grants.RevokeAsync(given.RequestId, null, oskar, default)).Should().BeOfType<ApprovalOutcome.NotFound>("he does not know of it");
        (await grants.RevokeAsync(given.RequestId, null, Lena, default)).Should().BeOfType<ApprovalOutcome.Done>("giving back is always possible");
        (await grants.RestrictAsync(RestrictedKind.Item, HostWorkloads.Training, new RestrictionTerms(null, TimeSpan.FromDays(1), OnGrantEnd.Keep, TimeSpan.Zero, null), owner, default)).Should().BeOfType<ApprovalOutcome.Forbidden>();
        (await AskAsync(slug: HostWorkloads.Training)).Should().BeOfType<ApprovalOutcome.Conflict>("it is not restricted");
        (await AskAsync(days: 31)).Should().BeOfType<ApprovalOutcome.Invalid>("longer than the longest");
    }

    [Fact]
    public async Task RestrictedHardware_OfTheCatalog_IsRestrictedFromTheStart()
    {
        var rows = await Host.Get<GrantQueries>().RestrictionsAsync(Lena, default);
        rows.Select(r => r.Slug).Should().BeEquivalentTo("gpu-a100x8", "gpu-h100x8");
        (await Host.Get<ManageGrants>().OpenAsync(RestrictedKind.Hardware, "gpu-a100x8", _ada, default)).Should().BeOfType<ApprovalOutcome.Done>();
        await Host.Get<ImportCatalog>().ExecuteAsync(RepositoryFolder.Catalog, default);
        (await Host.Get<GrantQueries>().RestrictionsAsync(Lena, default)).Select(r => r.Slug).Should().Equal(["gpu-h100x8"], "what an administrator opened stays open");
    }
}
