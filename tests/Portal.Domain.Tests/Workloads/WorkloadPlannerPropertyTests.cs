using AwesomeAssertions;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Xunit;

namespace Portal.Domain.Tests.Workloads;

/// <summary>Thousands of random stories of wishes, accidents and crashes: never two resources, none left behind, always an end. A failing story is named by its seed.</summary>
public sealed class WorkloadPlannerPropertyTests
{
    private const int Stories = 4000;
    private static readonly string[] Wishes = ["stop", "start", "restart", "extend", "delete", "stop", "start", "restart"];

    [Fact]
    public void RandomStories_NeverTwoLiveAndAlwaysConverge()
    {
        var ends = new Dictionary<WorkloadPhase, int>();
        for (var seed = 1; seed <= Stories; seed++)
        {
            var random = new Random(seed);
            var kind = random.Next(2) == 0 ? WorkloadKind.Notebook : WorkloadKind.TrainingRun;
            var retry = new RetrySpec { On = [.. new[] { "interruption", "noCapacity", "error" }.Where(_ => random.Next(3) > 0)], Attempts = random.Next(1, 4) };
            var portal = new SimulatedPortal(kind, retry, random);
            var events = random.Next(1, 80);
            for (var i = 0; i < events; i++)
            {
                RandomEvent(portal, random);
                CheckSafety(portal, seed);
            }
            var end = Settle(portal, seed);
            ends[end] = ends.GetValueOrDefault(end) + 1;
        }
        // The stories must have been worth telling: each end was reached often.
        ends.Keys.Should().BeEquivalentTo([WorkloadPhase.Running, WorkloadPhase.Stopped, WorkloadPhase.Deleted, WorkloadPhase.Failed, WorkloadPhase.Succeeded]);
        ends.Values.Should().AllSatisfy(count => count.Should().BeGreaterThan(Stories / 200));
    }

    private static void RandomEvent(SimulatedPortal portal, Random random)
    {
        switch (random.Next(12))
        {
            case 0: portal.Wish(random.Next(10) == 0 ? "delete" : Wishes[random.Next(Wishes.Length)]); break;
            case 1 or 2: portal.Target.Happen(random); break;
            case 3: portal.PassTime(TimeSpan.FromSeconds(random.Next(90))); break;
            case 4: portal.Target.Away = random.Next(3) == 0; break;
            case 5: portal.Target.RefuseNext = random.Next(2) == 0 ? null : Enum.GetValues<FailureClass>()[random.Next(Enum.GetValues<FailureClass>().Length)]; break;
            case 6: portal.HasRoom = random.Next(3) > 0; break;
            // What was observed is old by the time it is acted upon.
            case 7: portal.Step(() => portal.Target.Happen(random), mayDie: true); break;
            case 8: portal.Step(() => portal.Wish(Wishes[random.Next(Wishes.Length)]), mayDie: true); break;
            default: portal.Step(mayDie: true); break;
        }
    }

    private static void CheckSafety(SimulatedPortal portal, int seed)
    {
        portal.LiveAllocations.Should().BeLessThanOrEqualTo(1, $"story {seed}");
        portal.Target.Alive.Count.Should().BeLessThanOrEqualTo(portal.LiveAllocations, $"story {seed}: no resource without a live allocation, so never two");
        if (!portal.Phase.IsActive()) portal.LiveAllocations.Should().Be(0, $"story {seed}: {portal.Phase} is at rest");
    }

    private static WorkloadPhase Settle(SimulatedPortal portal, int seed)
    {
        portal.HasRoom = true;
        for (var quiet = 0; quiet < 40;)
        {
            portal.Target.Heal();
            var steps = 0;
            while (portal.Step())
            {
                CheckSafety(portal, seed);
                portal.Target.Heal();
                (++steps).Should().BeLessThan(100, $"story {seed}: it must come to rest");
            }
            quiet = steps == 0 ? quiet + 1 : 0;
            // Back-off ends after five minutes at most; patience with a stop after less.
            portal.PassTime(TimeSpan.FromSeconds(10));
        }
        switch (portal.Desired)
        {
            case DesiredState.Deleted: portal.Phase.Should().Be(WorkloadPhase.Deleted, $"story {seed}"); break;
            case DesiredState.Stopped: portal.Phase.Should().BeOneOf([WorkloadPhase.Stopped, WorkloadPhase.Failed, WorkloadPhase.Succeeded], $"story {seed}"); break;
            default: portal.Phase.Should().BeOneOf([WorkloadPhase.Running, WorkloadPhase.Failed, WorkloadPhase.Succeeded], $"story {seed}"); break;
        }
        portal.OwesAnAttempt.Should().BeFalse($"story {seed}: a wish to restart is never lost");
        portal.Target.Alive.Count.Should().Be(portal.Phase == WorkloadPhase.Running ? 1 : 0, $"story {seed}: {portal.Phase}");
        return portal.Phase;
    }
}
