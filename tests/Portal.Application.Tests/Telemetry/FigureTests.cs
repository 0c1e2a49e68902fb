using AwesomeAssertions;
using Portal.Application.Costs;
using Portal.Application.Telemetry;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Telemetry;

/// <summary>The figures that alerts rest on rise when something is left undone, and fall when it is caught up with.</summary>
public sealed class FigureTests : HostedTests
{
    private async Task<double> ValueAsync(string name) => (await Host.Get<PortalFigures>().ReadAsync(default)).Single(f => f.Name == name).Value;

    [Fact]
    public async Task PostingLag_IsTheAgeOfTheOldestHourThatIsNotPosted()
    {
        (await ValueAsync("portal_posting_lag_seconds")).Should().Be(0, "nothing has run");
        var id = await Host.LaunchRunningAsync(Lena, lifetime: TimeSpan.FromDays(2));
        await Host.AgeAsync(id, TimeSpan.FromHours(5));
        // It began within some hour; that hour's end is what has been waiting.
        (await ValueAsync("portal_posting_lag_seconds")).Should().BeInRange(TimeSpan.FromHours(4).TotalSeconds - 5, TimeSpan.FromHours(5).TotalSeconds + 5);
        await Host.Get<UsagePosting>().PostDueAsync(default);
        // In an hour's first minute posting still waits for news about the hour before.
        (await ValueAsync("portal_posting_lag_seconds")).Should().BeLessThan(65);
    }

    [Fact]
    public async Task OverdueLook_CountsUntilSomebodyLooks()
    {
        var id = await Host.LaunchRunningAsync(Lena);
        (await ValueAsync("portal_reconcile_overdue_seconds")).Should().Be(0);
        await Host.Database.ExecuteAsync("update workloads set next_action_at = clock_timestamp() - interval '100 seconds' where id = $1", id);
        (await ValueAsync("portal_reconcile_overdue_seconds")).Should().BeInRange(100, 160);
        await Host.Database.ExecuteAsync("update workloads set lease_token = gen_random_uuid(), lease_expires_at = clock_timestamp() + interval '1 minute' where id = $1", id);
        (await ValueAsync("portal_reconcile_overdue_seconds")).Should().Be(0, "somebody is at it");
    }
}
