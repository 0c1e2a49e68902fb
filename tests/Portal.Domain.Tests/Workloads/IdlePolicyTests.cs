using AwesomeAssertions;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;
using Xunit;

namespace Portal.Domain.Tests.Workloads;

public sealed class IdlePolicyTests
{
    private static readonly DateTimeOffset Ready = new(2026, 11, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly IdleRule TwoHours = new(TimeSpan.FromHours(2), TimeSpan.FromMinutes(15), "stop");
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);

    private static IdleVerdict Judge(double minutes, double? activity = null, double? announced = null, params IdleRule[] rules) =>
        IdlePolicy.Judge(rules.Length == 0 ? [TwoHours] : rules, Ready, At(activity), At(announced), TenMinutes, Ready.AddMinutes(minutes));

    private static DateTimeOffset? At(double? minutes) => minutes is { } m ? Ready.AddMinutes(m) : null;

    [Theory]
    [InlineData(0, null, null, null, false)]
    [InlineData(109, null, null, null, false)]
    [InlineData(110, null, null, 120.0, false)] // warned ten minutes before
    [InlineData(119, null, 120.0, 120.0, false)]
    [InlineData(120, null, 120.0, 120.0, true)]
    [InlineData(120, 60.0, 120.0, null, false)] // used meanwhile: the announcement is taken back
    [InlineData(175, 60.0, null, 185.0, false)] // seen late: the warning is as long all the same
    [InlineData(180, 60.0, 180.0, 180.0, true)]
    [InlineData(500, null, null, 510.0, false)] // the portal was away: nobody is stopped unwarned
    [InlineData(509, null, 510.0, 510.0, false)]
    [InlineData(510, null, 510.0, 510.0, true)]
    public void Judge_TwoHourRule_WarnsThenStops(double minutes, double? activity, double? announced, double? stopAt, bool stop) =>
        Judge(minutes, activity, announced).Should().Be(new IdleVerdict(At(stopAt), stop));

    [Fact]
    public void Judge_ActivityBeforeReady_DoesNotCount() => Judge(60, activity: -600).StopAt.Should().BeNull("it counts from when it became ready");

    [Fact]
    public void Judge_MinimumRunning_IsKept() =>
        Judge(45, rules: new IdleRule(TimeSpan.FromMinutes(30), TimeSpan.FromHours(1), "stop")).Should().Be(new IdleVerdict(null, false));

    [Fact]
    public void Judge_SeveralRules_EarliestIsAnnounced() =>
        Judge(20, null, null, TwoHours, new IdleRule(TimeSpan.FromMinutes(30), TimeSpan.Zero, "stop")).StopAt.Should().Be(Ready.AddMinutes(30));

    [Fact]
    public void Judge_ShortRule_WarnsForHalfOfIt() => Judge(1, null, null, new IdleRule(TimeSpan.FromMinutes(2), TimeSpan.Zero, "stop")).Should().Be(new IdleVerdict(Ready.AddMinutes(2), false));

    [Fact]
    public void RulesFor_ChosenTimeout_ReplacesTheItems()
    {
        var activity = new ActivitySpec { Probe = "jupyter", Rules = [TwoHours] };
        IdlePolicy.RulesFor(activity, null).Should().Equal(TwoHours);
        IdlePolicy.RulesFor(activity, TimeSpan.FromHours(5)).Should().Equal(new IdleRule(TimeSpan.FromHours(5), TimeSpan.Zero, "stop"));
        IdlePolicy.RulesFor(activity with { Probe = "none" }, TimeSpan.FromHours(5)).Should().BeEmpty("nobody could tell whether it is idle");
    }
}
