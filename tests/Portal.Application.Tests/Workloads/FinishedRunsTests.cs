using AwesomeAssertions;
using Portal.Application.Catalog;
using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>Items that work on a finished run.</summary>
public sealed class FinishedRunsTests : HostedTests
{
    private const string Trainer = "tiny-lm-training";
    private const string Endpoint = "tiny-lm-endpoint";

    private async Task<Guid> FinishedAsync(Domain.Access.Actor by, string item = Trainer, string name = "trained")
    {
        var id = await Host.LaunchRunningAsync(by, item, name);
        Host.Target.Exit((await Host.LiveAsync(id)).Id, 0);
        await Host.ObserveAsync();
        await Host.PumpAsync();
        return id;
    }

    private async Task<string> RefusalAsync(Guid run)
    {
        var launch = () => Host.LaunchAsync(Lena, Endpoint, parameters: new { run });
        return (await launch.Should().ThrowAsync<InvalidOperationException>()).Which.Message;
    }

    [Fact]
    public async Task Endpoint_OnAFinishedRun_GetsItsArtifacts()
    {
        var run = await FinishedAsync(Lena);
        await Host.LaunchRunningAsync(Lena, Endpoint, parameters: new { run });
        Host.Target.Starts.Last().RunArtifacts.Should().NotBeNull();
        Host.Target.Starts.First().RunArtifacts.Should().BeNull("a run names no other");
    }

    [Fact]
    public async Task Run_OfAnotherItemOrTeamOrStillRunning_IsRefusedWithoutSayingWhich()
    {
        var stranger = await Host.AddPersonAsync("Oskar", ["risk"]);
        Guid[] wrong = [await FinishedAsync(Lena, HostWorkloads.Training, "other-item"), await FinishedAsync(stranger), await Host.LaunchRunningAsync(Lena, Trainer, "still-running"), Guid.NewGuid()];
        foreach (var run in wrong) (await RefusalAsync(run)).Should().Contain("parameters.run").And.Contain($"There is no run {run} of tiny-lm-training");
    }

    [Fact]
    public async Task Offered_AreOnlyUsableOnesNewestFirst()
    {
        var stranger = await Host.AddPersonAsync("Oskar", ["risk"]);
        var first = await FinishedAsync(Lena, name: "first");
        var second = await FinishedAsync(Lena, name: "second");
        await FinishedAsync(stranger);
        await FinishedAsync(Lena, HostWorkloads.Training, "other-item");
        var parameter = (await Host.Get<PublishedItems>().FindAsync(Endpoint, null, CancellationToken.None))!.Spec.FindRunParameter()!;
        (await Host.Get<FinishedRuns>().ForAsync(parameter, Lena, CancellationToken.None)).Select(r => r.Id).Should().Equal(second, first);
    }

    [Fact]
    public async Task UsersOfRuns_NamesTheEndpointForTheTrainerOnly()
    {
        (await Host.Get<CatalogQueries>().UsersOfRunsAsync(Trainer, CancellationToken.None)).Keys.Should().Equal(Endpoint);
        (await Host.Get<CatalogQueries>().UsersOfRunsAsync(HostWorkloads.Training, CancellationToken.None)).Should().BeEmpty();
    }
}
