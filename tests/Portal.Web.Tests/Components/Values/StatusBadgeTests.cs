using AwesomeAssertions;
using Bunit;
using Portal.Domain.Workloads;
using Portal.Web.Components.Values;
using Xunit;

namespace Portal.Web.Tests.Components.Values;

public class StatusBadgeTests : ComponentTest
{
    [Theory]
    [InlineData(WorkloadPhase.PendingApproval, "Needs approval", "tone-waiting", false)]
    [InlineData(WorkloadPhase.Queued, "Waiting", "tone-waiting", false)]
    [InlineData(WorkloadPhase.Placing, "Placing", "tone-waiting", true)]
    [InlineData(WorkloadPhase.Starting, "Starting", "tone-waiting", true)]
    [InlineData(WorkloadPhase.Running, "Running", "tone-running", false)]
    [InlineData(WorkloadPhase.Recovering, "Recovering", "tone-waiting", true)]
    [InlineData(WorkloadPhase.Stopping, "Stopping", "tone-waiting", true)]
    [InlineData(WorkloadPhase.Stopped, "Stopped", "tone-stopped", false)]
    [InlineData(WorkloadPhase.Succeeded, "Finished", "tone-stopped", false)]
    [InlineData(WorkloadPhase.Failed, "Failed", "tone-failed", false)]
    [InlineData(WorkloadPhase.Rejected, "Denied", "tone-failed", false)]
    [InlineData(WorkloadPhase.Deleted, "Deleted", "tone-stopped", false)]
    public void StatusBadge_EachPhase_HasItsWordToneAndMark(WorkloadPhase phase, string word, string tone, bool ring)
    {
        var badge = Render<StatusBadge>(p => p.Add(b => b.Phase, phase));

        badge.Find(".word").TextContent.Should().Be(word);
        badge.Find(".status").ClassList.Should().Contain(tone);
        badge.FindAll(".ring").Should().HaveCount(ring ? 1 : 0);
        badge.FindAll(".dot").Should().HaveCount(ring ? 0 : 1);
    }

    [Fact]
    public void StatusBadge_Since_CountsLive()
    {
        var badge = Render<StatusBadge>(p => p.Add(b => b.Phase, WorkloadPhase.Starting).Add(b => b.Since, Now.AddSeconds(-36)));
        Read(badge.Find(".since").TextContent).Should().Be("36 s");

        Time.Advance(TimeSpan.FromSeconds(30));

        badge.WaitForAssertion(() => Read(badge.Find(".since").TextContent).Should().Be("66 s"));
    }

    [Fact]
    public void StatusBadge_LongRunning_IsNotDrawnAgainEachSecond()
    {
        var badge = Render<StatusBadge>(p => p.Add(b => b.Phase, WorkloadPhase.Running).Add(b => b.Since, Now.AddDays(-12).AddMinutes(-1)));
        var before = badge.RenderCount;

        Time.Advance(TimeSpan.FromSeconds(20));

        badge.RenderCount.Should().Be(before);
    }

    [Fact]
    public void StatusBadge_Reason_IsTheSecondLine()
        => Render<StatusBadge>(p => p.Add(b => b.Phase, WorkloadPhase.Failed).Add(b => b.Reason, "out of GPU memory").Add(b => b.ReasonTone, Tone.Failed))
            .Find(".reason.tone-failed").TextContent.Should().Be("out of GPU memory");

    [Fact]
    public void StatusBadge_OwnWord_NeedsNoPhase()
    {
        var badge = Render<StatusBadge>(p => p.Add(b => b.Tone, Tone.Running).Add(b => b.Word, "Available").Add(b => b.Pill, true));

        badge.Find(".status.pill.tone-running .word").TextContent.Should().Be("Available");
    }

    [Theory]
    [InlineData(CapacityType.OnDemand, false, "On-demand", "tone-neutral")]
    [InlineData(CapacityType.Spot, false, "Spot", "tone-spot")]
    [InlineData(CapacityType.SpotWithFallback, false, "Spot", "tone-spot")]
    [InlineData(CapacityType.SpotWithFallback, true, "Spot + fallback", "tone-spot")]
    public void CapacityBadge_EachType_IsNamed(CapacityType capacity, bool full, string word, string tone)
    {
        var chip = Render<CapacityBadge>(p => p.Add(b => b.Capacity, capacity).Add(b => b.Full, full)).Find(".chip");

        Read(chip.TextContent).Should().Be(word);
        chip.ClassList.Should().Contain(tone);
    }
}
