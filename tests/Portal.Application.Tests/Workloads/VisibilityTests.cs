using AwesomeAssertions;
using Portal.Application.Access;
using Portal.Application.Costs;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>Another team's workloads do not exist, whatever is asked.</summary>
public sealed class VisibilityTests : HostedTests
{
    private Actor _tom = null!;
    private Guid _hers;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _tom = await Host.AddPersonAsync("Tom", ["speech!"]);
        _hers = await Host.LaunchRunningAsync(Lena, name: "secret-project");
        Host.Target.PutArtifact(_hers, "model.json", [1]);
    }

    [Fact]
    public async Task UseCases_OfAnotherTeamsId_SayNotFound()
    {
        WorkloadOutcome[] outcomes =
        [
            await Host.Get<StopWorkload>().ExecuteAsync(_hers, _tom, default),
            await Host.Get<StartWorkload>().ExecuteAsync(_hers, _tom, default),
            await Host.Get<RestartWorkload>().ExecuteAsync(_hers, _tom, default),
            await Host.Get<DeleteWorkload>().ExecuteAsync(_hers, _tom, default),
            await Host.Get<ExtendWorkload>().ExecuteAsync(_hers, TimeSpan.FromHours(1), _tom, default),
            await Host.Get<ExtendWorkload>().ExecuteAsync(_hers, TimeSpan.FromDays(-1), _tom, default),
            await Host.Get<ShareWorkload>().ExecuteAsync(_hers, WorkloadAudience.Team, ["nobody@example.org"], [], _tom, default),
        ];

        outcomes.Should().AllBeOfType<WorkloadOutcome.NotFound>("not even a fault in the request may tell that it exists");
        // The same words as for an id that never was.
        (await Host.Get<StopWorkload>().ExecuteAsync(Guid.NewGuid(), _tom, default)).Should().Be(outcomes[0]);
        (await Host.RowAsync(_hers)).Desired.Should().Be(DesiredState.Running);
    }

    [Fact]
    public async Task Queries_OfAnotherTeamsId_AnswerNothing()
    {
        var (details, files) = (Host.Get<WorkloadDetailQueries>(), Host.Get<WorkloadFiles>());

        (await details.FindAsync(_hers, _tom, default)).Should().BeNull();
        (await details.EventsAsync(_hers, _tom, default)).Should().BeNull();
        (await details.AllocationsAsync(_hers, _tom, default)).Should().BeNull();
        (await details.MetricsAsync(_hers, _tom, default)).Should().BeNull();
        (await Host.Get<CostQueries>().UsageAsync(_hers, _tom, default)).Should().BeNull();
        (await files.LogTailAsync(_hers, 10, null, _tom, default)).Should().BeNull();
        (await files.LogFromAsync(_hers, 0, null, _tom, default)).Should().BeNull();
        (await files.ArtifactsAsync(_hers, _tom, default)).Should().BeNull();
        (await files.OpenArtifactAsync(_hers, "model.json", _tom, default)).Should().BeNull();
        (await Host.Get<WorkloadEntrance>().CheckAsync(_hers, _tom, default)).Should().BeOfType<WorkloadEntrance.Outcome.NotFound>();

        (await details.FindAsync(_hers, Lena, default))!.Row.Name.Should().Be("secret-project");
        (await details.EventsAsync(_hers, Lena, default)).Should().NotBeEmpty();
        (await details.AllocationsAsync(_hers, Lena, default)).Should().ContainSingle();
        (await Host.Get<CostQueries>().UsageAsync(_hers, Lena, default)).Should().ContainSingle().Which.Open.Should().BeTrue();
        (await files.ArtifactsAsync(_hers, Lena, default)).Should().ContainSingle();
        (await Host.Get<WorkloadEntrance>().CheckAsync(_hers, Lena, default)).Should().BeOfType<WorkloadEntrance.Outcome.Open>();
    }

    [Fact]
    public async Task ListsAndCounts_ShowOwnTeamsOnly()
    {
        var his = await Host.LaunchRunningAsync(_tom, name: "own");
        var queries = Host.Get<WorkloadQueries>();
        foreach (var filter in new WorkloadFilter[]
        {
            new(), new() { Team = "vision" }, new() { Owner = "lena@example.org" }, new() { Owner = Lena.UserId.ToString() }, new() { Q = "secret" }, new() { Q = "Lena" },
            new() { IncludeDeleted = true }, new() { Phases = [WorkloadPhase.Running] }, new() { Item = HostWorkloads.Notebook }, new() { Target = "local" }, new() { Kinds = [WorkloadKind.Notebook] },
        })
        {
            (await queries.ListAsync(filter, _tom, default)).Items.Should().NotContain(r => r.Id == _hers, filter.ToString());
            (await queries.ListAsync(filter, Lena, default)).Items.Should().ContainSingle(filter.ToString()).Which.Id.Should().Be(_hers);
        }
        (await queries.ListAsync(new(), _tom, default)).Should().Match<PageOf<WorkloadRow>>(p => p.Total == 1 && p.Items[0].Id == his);
        (await queries.CountsAsync(_tom, null, default)).Should().Match<WorkloadCounts>(c => c.All == 1 && c.Mine == 1 && c.Running == 1 && c.EndingToday == 1 && c.HourlyPrice > 0);
        (await queries.CountsAsync(_tom, "vision", default)).Should().Be(new WorkloadCounts(1, 0, 0, 0, 0, 0, 0));
        var home = await Host.Get<HomeQueries>().ReadAsync(_tom, "vision", default);
        (home.Team, home.ActiveTotal).Should().Be(("speech", 1));
        home.Recent.Should().ContainSingle().Which.TimesThisMonth.Should().Be(1);
        var auditor = await Host.AddPersonAsync("Audrey", roles: ["Auditor"]);
        (await queries.ListAsync(new(), auditor, default)).Total.Should().Be(2);
        (await Host.Get<StopWorkload>().ExecuteAsync(_hers, auditor, default)).Should().BeOfType<WorkloadOutcome.Forbidden>();
    }

    [Fact]
    public async Task ListSorts_AllTranslate()
    {
        foreach (var sort in new[] { null, "createdAt", "-createdAt", "name", "-name", "price", "-price", "expiresAt", "-expiresAt", "phase", "-phase", "nonsense" })
            (await Host.Get<WorkloadQueries>().ListAsync(new WorkloadFilter { Sort = sort, PageSize = 1 }, Lena, default)).Items.Should().ContainSingle();
    }

    [Theory]
    [InlineData("%", 0)]
    [InlineData("_", 0)]
    [InlineData("\\", 0)]
    [InlineData("\0", 1)]
    [InlineData("SECRET-proj", 1)]
    public async Task Search_TakesWordsLiterally(string q, int found) =>
        (await Host.Get<WorkloadQueries>().ListAsync(new WorkloadFilter { Q = q }, Lena, default)).Total.Should().Be(found);

    [Fact]
    public async Task Colleague_SeesButMayNotOpenOrChange_UntilItIsShared()
    {
        var ben = await Host.AddPersonAsync("Ben", ["vision"]);
        (await Host.Get<WorkloadDetailQueries>().FindAsync(_hers, ben, default))!.Row.Should().Match<WorkloadRow>(r => !r.MayChange && !r.MayOpen);
        (await Host.Get<WorkloadEntrance>().CheckAsync(_hers, ben, default)).Should().BeOfType<WorkloadEntrance.Outcome.Forbidden>();
        (await Host.Get<StopWorkload>().ExecuteAsync(_hers, ben, default)).Should().BeOfType<WorkloadOutcome.Forbidden>();

        await WishAsync(() => Host.Get<ShareWorkload>().ExecuteAsync(_hers, WorkloadAudience.Team, [], [], Lena, default));
        (await Host.Get<WorkloadEntrance>().CheckAsync(_hers, ben, default)).Should().BeOfType<WorkloadEntrance.Outcome.Open>();

        await WishAsync(() => Host.Get<ShareWorkload>().ExecuteAsync(_hers, WorkloadAudience.Owner, ["TOM@example.org"], [], Lena, default));
        (await Host.Get<WorkloadEntrance>().CheckAsync(_hers, ben, default)).Should().BeOfType<WorkloadEntrance.Outcome.Forbidden>();
        (await Host.Get<WorkloadEntrance>().CheckAsync(_hers, _tom, default)).Should().BeOfType<WorkloadEntrance.Outcome.Open>();
        (await Host.Get<WorkloadQueries>().ListAsync(new(), _tom, default)).Items.Should().ContainSingle().Which.MayOpen.Should().BeTrue();
        (await Host.Get<StopWorkload>().ExecuteAsync(_hers, _tom, default)).Should().BeOfType<WorkloadOutcome.Forbidden>();
    }

    [Fact]
    public async Task LeavingTheTeam_TakesAwayTheRightToChangeAtOnce()
    {
        await Host.Database.ExecuteAsync("delete from team_members where user_id = $1", Lena.UserId);
        var gone = await Host.ActorAsync(Lena.UserId);

        (await Host.Get<StopWorkload>().ExecuteAsync(_hers, gone, default)).Should().BeOfType<WorkloadOutcome.Forbidden>();
        (await Host.Get<WorkloadEntrance>().CheckAsync(_hers, gone, default)).Should().BeOfType<WorkloadEntrance.Outcome.Forbidden>();
    }

    [Fact]
    public async Task Lead_MayStopAMembersWorkload()
    {
        var lead = await Host.AddPersonAsync("Lee", ["vision!"]);

        await WishAsync(() => Host.Get<StopWorkload>().ExecuteAsync(_hers, lead, default));

        (await PhaseAsync(_hers)).Should().Be(WorkloadPhase.Stopped);
    }
}
