using System.Text.Json;
using AwesomeAssertions;
using Portal.Application.Teams;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Workloads;

/// <summary>Endpoints of several replicas: whoever counts machines or money counts all that there may be.</summary>
public sealed class ReplicaTests : HostedTests
{
    private const string Endpoint = "container-endpoint";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Host.Target.Description = Host.Target.Description with { Kind = "kubernetes" };
    }

    private static LaunchRequest Request(int replicas, int most) =>
        new() { Item = Endpoint, Hardware = "cpu-small", Parameters = JsonSerializer.SerializeToElement(new { image = "example.org/server:1", replicas, maxReplicas = most }) };

    private async Task<LaunchWorkload.Outcome> LaunchAsync(LaunchRequest request) => await Host.Get<LaunchWorkload>().ExecuteAsync(request, Lena, default);

    private async Task<EstimateLaunch.Outcome.Estimated> EstimateAsync(LaunchRequest request) => (EstimateLaunch.Outcome.Estimated)await Host.Get<EstimateLaunch>().ExecuteAsync(request, Lena, default);

    [Fact]
    public async Task Quote_RoomAndAllocation_CountAllThatThereMayBe()
    {
        var one = await EstimateAsync(Request(1, 1));
        var most = await EstimateAsync(Request(2, 3));
        most.Offers[0].Should().Match<PricedOffer>(o => o.Replicas == 3 && o.Quote.HourlyPrice == 3 * one.Offers[0].Quote.HourlyPrice);
        // What is typed so far is priced too, although the image is still missing.
        (await EstimateAsync(new LaunchRequest { Item = Endpoint, Hardware = "cpu-small", Draft = JsonSerializer.SerializeToElement(new { replicas = 4, maxReplicas = "x" }) })).Offers[0].Quote.HourlyPrice.Should().Be(4 * one.Offers[0].Quote.HourlyPrice);

        Host.Target.Description = Host.Target.Description with { Capacity = new ResourceAmount(2, 64, 0) };
        var id = ((LaunchWorkload.Outcome.Launched)await LaunchAsync(Request(2, 3))).WorkloadId;
        await Host.PumpAsync();
        (await Host.RowAsync(id)).PhaseReason.Should().Contain("3 vCPU (2 of 2 free)");
        Host.Target.Description = Host.Target.Description with { Capacity = new ResourceAmount(8, 64, 0) };
        await Host.HurryAsync(id);

        var live = await Host.LiveAsync(id);
        (live.Vcpu, live.MemoryGib, live.HourlyPrice).Should().Be((3, 6, most.Offers[0].Quote.HourlyPrice));
        (await PhaseAsync(id)).Should().Be(WorkloadPhase.Running);
        await AllHoldsAsync();
    }

    [Fact]
    public async Task Limits_ArePassedByReplicas()
    {
        var ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
        await Host.Get<ResourceLimits>().SetAsync("team:vision", LimitValues.None with { Vcpu = 2.5m }, ada, default);
        (await LaunchAsync(Request(3, 1))).Should().BeOfType<LaunchWorkload.Outcome.Denied>().Which.Reason.Should().Contain("2.5 vCPU");
        (await LaunchAsync(Request(2, 2))).Should().BeOfType<LaunchWorkload.Outcome.Launched>();
    }

    [Fact]
    public async Task Move_KeepsTheNumber_AndAPlaceWithoutReplicasHasOne()
    {
        var id = ((LaunchWorkload.Outcome.Launched)await LaunchAsync(Request(2, 3))).WorkloadId;
        await Host.PumpAsync();
        await WishAsync(() => Host.Get<MoveWorkload>().ExecuteAsync(id, new MoveWish("cpu-tiny"), null, Lena, default));
        await Host.HurryAsync(id);
        (await Host.LiveAsync(id)).Vcpu.Should().Be(0.75m);

        // On the portal's host the same endpoint is one program, whatever was asked for.
        Host.Target.Description = Host.Target.Description with { Kind = "local" };
        (await EstimateAsync(new LaunchRequest { Item = "tiny-lm-endpoint", Draft = JsonSerializer.SerializeToElement(new { replicas = 4, maxReplicas = 4 }) })).Offers[0].Replicas.Should().Be(1);
    }
}
