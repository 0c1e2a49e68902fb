using AwesomeAssertions;
using Portal.Application.Access;
using Portal.Testing.Hosting;
using Xunit;
using Outcome = Portal.Application.Access.WorkloadEntrance.Outcome;

namespace Portal.Application.Tests.Access;

public sealed class WorkloadEntranceTests : HostedTests
{
    private WorkloadEntrance Entrance => Host.Get<WorkloadEntrance>();

    [Fact]
    public async Task Check_Running_GivesTheCredentialOfThisAttempt()
    {
        var id = await Host.LaunchRunningAsync(Lena);

        var open = (await Entrance.CheckAsync(id, Lena, default)).Should().BeOfType<Outcome.Open>().Subject;

        (open.AllocationId, open.Auth, open.Target).Should().Be(((await Host.LiveAsync(id)).Id, "token", "local"));
        open.Credential.Should().Be(Host.Target.Starts.Last().Credential);
        await RestartAsync(id);
        ((Outcome.Open)await Entrance.CheckAsync(id, Lena, default)).Credential.Should().NotBe(open.Credential);
        await StopAsync(id);
        (await Entrance.CheckAsync(id, Lena, default)).Should().BeOfType<Outcome.NotRunning>();
    }

    [Fact]
    public async Task Check_Run_HasNothingToOpen()
    {
        var id = await Host.LaunchRunningAsync(Lena, HostWorkloads.Training);

        (await Entrance.CheckAsync(id, Lena, default)).Should().BeOfType<Outcome.NotRunning>().Which.Reason.Should().Contain("no page");
    }

    [Theory]
    [InlineData("read", false)]
    [InlineData("launch", true)]
    public async Task Check_TokenScope_Decides(string scope, bool opens)
    {
        var id = await Host.LaunchRunningAsync(Lena);

        (await Entrance.CheckAsync(id, await Host.ActorAsync(Lena.UserId, scope), default) is Outcome.Open).Should().Be(opens);
    }

    [Fact]
    public async Task Code_WorksOnceForItsWorkloadOnly()
    {
        var (id, other) = (await Host.LaunchRunningAsync(Lena), await Host.LaunchRunningAsync(Lena));
        var code = await Entrance.IssueCodeAsync(id, $"/w/{id}/lab", Lena, default);
        (await Host.Database.QueryAsync<long>("select count(*) from entry_codes e where strpos(e::text, $1) > 0", code)).Should().Equal(0);
        (await Entrance.RedeemCodeAsync(id, (code[0] == '0' ? '1' : '0') + code[1..], default)).Should().BeNull();

        (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Entrance.RedeemCodeAsync(id, code, default))))).Should().ContainSingle(r => r != null).Which.Should().Be((Lena.UserId, $"/w/{id}/lab"));

        var wrongPlace = await Entrance.IssueCodeAsync(id, $"/w/{id}/", Lena, default);
        (await Entrance.RedeemCodeAsync(other, wrongPlace, default)).Should().BeNull();
        (await Entrance.RedeemCodeAsync(id, wrongPlace, default)).Should().BeNull("a code that was tried elsewhere is burnt");
        var late = await Entrance.IssueCodeAsync(id, $"/w/{id}/", Lena, default);
        await Host.Database.ExecuteAsync("update entry_codes set expires_at = now() - interval '1 second'");
        (await Entrance.RedeemCodeAsync(id, late, default)).Should().BeNull();
    }
}
