using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Access.Approvals;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Access;

/// <summary>People and the clock at the same request at the same time: exactly one outcome, and the workload agrees with it.</summary>
public sealed class ApprovalRaceTests : HostedTests
{
    [Fact]
    public async Task Approvers_ExpiryWithdrawalStopAndDeletion_AtOnce_HaveOneOutcome()
    {
        var ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
        await Host.AskForEverythingAsync(ada, """[{"approvers": {"teamLeads": true}, "count": 2}]""");
        List<Actor> leads = [];
        foreach (var name in new[] { "Max", "Bea", "Cem" }) leads.Add(await Host.AddPersonAsync(name, ["vision!"]));
        var random = new Random(20);
        var seen = new HashSet<ApprovalState>();
        for (var round = 0; round < 40; round++)
        {
            var asked = (LaunchWorkload.Outcome.ApprovalRequired)await Host.Get<LaunchWorkload>().ExecuteAsync(new LaunchRequest { Item = HostWorkloads.Notebook, Name = $"round-{round}", Hardware = "cpu-tiny" }, Lena, default);
            var (workload, request) = (asked.WorkloadId, asked.RequestId);
            if (random.Next(4) == 0) await Host.Database.ExecuteAsync($"update approval_requests set expires_at = clock_timestamp() + interval '{random.Next(1, 40)} milliseconds' where id = '{request}'");
            List<Func<Task>> acts = [.. leads.Select<Actor, Func<Task>>(l => () => Host.Get<DecideApproval>().ExecuteAsync(request, random.Next(8) == 0 ? Verdict.Deny : Verdict.Approve, "So.", null, l, default))];
            acts.AddRange(leads.Take(2).Select<Actor, Func<Task>>(l => () => Host.Get<DecideApproval>().ExecuteAsync(request, Verdict.Approve, "Twice.", null, l, default)));
            acts.Add(() => Host.Get<ExpireApprovals>().ExecuteAsync(default));
            if (random.Next(3) == 0) acts.Add(() => Host.Get<WithdrawApproval>().ExecuteAsync(request, Lena, default));
            if (random.Next(4) == 0) acts.Add(() => Host.Get<StopWorkload>().ExecuteAsync(workload, Lena, default));
            if (random.Next(6) == 0) acts.Add(() => Host.Get<DeleteWorkload>().ExecuteAsync(workload, Lena, default));
            await Task.WhenAll(acts.OrderBy(_ => random.Next()).Select(act => Task.Run(act)));

            await CheckAsync(request, workload, seen);
        }
        await Host.PumpAsync();
        await AllHoldsAsync();
        seen.Should().Contain([ApprovalState.Approved, ApprovalState.Withdrawn], "the race was a race");
    }

    private async Task CheckAsync(Guid requestId, Guid workloadId, HashSet<ApprovalState> seen)
    {
        await using var db = await Host.OpenAsync();
        var request = await db.ApprovalRequests.SingleAsync(r => r.Id == requestId);
        var decisions = await db.ApprovalDecisions.Where(d => d.RequestId == requestId).ToListAsync();
        var ends = await db.AuditEntries.Where(a => a.SubjectId == requestId.ToString() && (a.Action == "approval.expire" || a.Action == "approval.withdraw")).CountAsync();
        var workload = await db.Workloads.SingleAsync(w => w.Id == workloadId);
        seen.Add(request.State);
        decisions.Select(d => d.ById).Should().OnlyHaveUniqueItems("a person counts once");
        decisions.Should().OnlyContain(d => d.ById != Lena.UserId);
        var (yes, no) = (decisions.Count(d => d.Verdict == Verdict.Approve), decisions.Count(d => d.Verdict == Verdict.Deny));
        switch (request.State)
        {
            case ApprovalState.Approved:
                (yes, no, ends).Should().Be((2, 0, 0));
                workload.Phase.Should().NotBe(WorkloadPhase.PendingApproval).And.NotBe(WorkloadPhase.Rejected);
                break;
            case ApprovalState.Denied:
                (yes < 2, no, ends).Should().Be((true, 1, 0));
                break;
            case ApprovalState.Expired or ApprovalState.Withdrawn:
                (yes < 2, no, ends).Should().Be((true, 0, 1));
                break;
            default:
                (yes < 2, no, ends).Should().Be((true, 0, 0));
                workload.Phase.Should().Be(WorkloadPhase.PendingApproval);
                break;
        }
        if (request.State != ApprovalState.Approved) (await db.Allocations.AnyAsync(a => a.WorkloadId == workloadId)).Should().BeFalse("nothing runs unapproved");
    }
}
