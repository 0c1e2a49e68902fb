using AwesomeAssertions;
using Portal.Application.Access.Approvals;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Access;

/// <summary>How long requests waited for an answer: for those who see everything, and for leads of their own teams.</summary>
public sealed class DecisionTimesTests : HostedTests
{
    private Actor _max = null!, _ada = null!, _oskar = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _max = await Host.AddPersonAsync("Max", ["vision!"]);
        _oskar = await Host.AddPersonAsync("Oskar", ["risk!"]);
        _ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
    }

    private async Task AskedAsync(Actor by, string rule, TimeSpan ago, TimeSpan? answeredAfter, ApprovalState state)
    {
        await using var db = await Host.OpenAsync();
        var asked = await db.NowAsync(default) - ago;
        db.ApprovalRequests.Add(new ApprovalRequest
        {
            Id = Guid.CreateVersion7(asked), Kind = ApprovalKind.Access, RequesterId = by.UserId, TeamId = by.Teams[0].Id, SubjectKind = "item", Subject = $"item-{Guid.NewGuid():N}"[..20], Title = $"{rule} of {by.Name}", Rule = rule, Why = "w", StepsJson = HostPolicies.Lead,
            CreatedAt = asked, StepSince = asked, ExpiresAt = asked.AddDays(400), State = state, EndedAt = answeredAfter is { } after ? asked + after : null,
        });
        await db.SaveChangesAsync();
    }

    [Fact]
    public async Task Read_MedianAndP90_OfWhatWasDecided_ByTeamAndRule_AndWhatWaitsLongest()
    {
        foreach (var minutes in new[] { 10, 20, 30, 40, 100 }) await AskedAsync(Lena, "Any GPU", TimeSpan.FromDays(2), TimeSpan.FromMinutes(minutes), minutes == 30 ? ApprovalState.Denied : ApprovalState.Approved);
        await AskedAsync(Lena, "Dear", TimeSpan.FromDays(2), TimeSpan.FromHours(24), ApprovalState.Expired);
        await AskedAsync(Lena, "Dear", TimeSpan.FromDays(2), TimeSpan.FromHours(1), ApprovalState.Withdrawn);
        await AskedAsync(Lena, "Any GPU", TimeSpan.FromDays(120), TimeSpan.FromDays(9), ApprovalState.Approved);
        await AskedAsync(_oskar, "Any GPU", TimeSpan.FromHours(5), null, ApprovalState.Waiting);
        await AskedAsync(Lena, "Any GPU", TimeSpan.FromHours(3), null, ApprovalState.Waiting);

        var all = (await Host.Get<DecisionTimes>().ReadAsync(90, _ada, default))!;

        all.All.Should().Be(new DecisionTimeRow("", 5, 1, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(76)), "between the fourth, 40 minutes, and the fifth, 100, as percentile_cont interpolates");
        all.Teams.Should().ContainSingle().Which.Name.Should().Be("vision");
        all.Rules.Should().Equal(new DecisionTimeRow("Any GPU", 5, 0, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(76)), new DecisionTimeRow("Dear", 0, 1, null, null));
        all.Waiting.Select(w => w.Title).Should().Equal("Any GPU of Oskar", "Any GPU of Lena");

        var led = (await Host.Get<DecisionTimes>().ReadAsync(90, _max, default))!;
        led.All.Decided.Should().Be(5);
        led.Waiting.Select(w => w.Title).Should().Equal("Any GPU of Lena");
        (await Host.Get<DecisionTimes>().ReadAsync(90, _oskar, default))!.All.Decided.Should().Be(0, "another team's times are not his");
        (await Host.Get<DecisionTimes>().ReadAsync(90, Lena, default)).Should().BeNull();
    }
}
