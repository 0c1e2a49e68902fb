using System.Text.Json;
using AwesomeAssertions;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Application.Tests.Audit;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Access.Grants;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Access;

/// <summary>The inbox of a portal that has been used for years: a long trail, many decided requests, and more that wait than anybody likes.</summary>
public sealed class InboxTests : HostedTests
{
    private const int Waiting = 500;

    [Fact]
    public async Task Inbox_AfterYears_IsReadQuickly()
    {
        var (max, ada) = (await Host.AddPersonAsync("Max", ["vision!"]), await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]));
        await Host.Get<ManageGrants>().RestrictAsync(RestrictedKind.Item, HostWorkloads.Notebook, new RestrictionTerms(JsonSerializer.Deserialize<JsonElement>("""[{"approvers": {"teamLeads": true}}]"""), TimeSpan.FromDays(30), OnGrantEnd.Keep, TimeSpan.Zero, null), ada, default);
        (await Host.Get<RequestAccess>().ExecuteAsync(RestrictedKind.Item, HostWorkloads.Notebook, TimeSpan.FromDays(14), "For the pilot.", null, Lena, default)).Should().BeOfType<ApprovalOutcome.Done>();
        var decided = LargeTrail.Entries / 20;
        for (var from = 1; from <= LargeTrail.Entries; from += LargeTrail.Part) await LargeTrail.WriteAsync(Host, Lena.UserId, from);
        await CopyAsync(decided, "'ended_at', now() - n * interval '1 minute', 'state', case when n % 5 = 0 then 'Denied' else 'Approved' end, 'created_at', now() - n * interval '1 minute' - interval '1 hour'");
        await CopyAsync(Waiting - 1, "'subject', 'item-' || n");
        await Host.Database.ExecuteAsync($"insert into approval_decisions (id, request_id, revision, step, by_id, on_behalf_of_id, verdict, at) select gen_random_uuid(), id, revision, 0, '{max.UserId}', '{max.UserId}', case state when 'Approved' then 'Approve' else 'Deny' end, ended_at from approval_requests where state <> 'Waiting'");
        await Host.Database.ExecuteAsync("analyze");
        var queries = Host.Get<ApprovalQueries>();
        var first = await queries.ListAsync(ApprovalBox.ForMe, max, default);
        first.Should().NotBeEmpty().And.OnlyContain(r => r.MayDecide);
        (await queries.CountForMeAsync(max, default)).Should().BeGreaterThan(99, "the badge says 99+ then");

        var p95 = await LargeTrail.MeasureAsync($"{LargeTrail.Entries} entries in the trail, {decided} requests decided, {Waiting} waiting",
            ("for me", () => queries.ListAsync(ApprovalBox.ForMe, max, default)), ("decided", () => queries.ListAsync(ApprovalBox.Decided, max, default)), ("mine", () => queries.ListAsync(ApprovalBox.Mine, Lena, default)),
            ("count", () => queries.CountForMeAsync(max, default)), ("similar", () => queries.SimilarAsync(first[0], max, default)));
        if (LargeTrail.Entries >= LargeTrail.Full) p95.Should().BeLessThan(300);
    }

    // Copies of the one request that was asked, with some columns changed; a few thousand at a time, as a command has thirty seconds.
    private async Task CopyAsync(int count, string changes)
    {
        for (var from = 1; from <= count; from += 2500)
            await Host.Database.ExecuteAsync($"""
                insert into approval_requests select (jsonb_populate_record(null::approval_requests, to_jsonb(r) || jsonb_build_object('id', gen_random_uuid(), {changes}))).*
                from (select * from approval_requests where state = 'Waiting' order by created_at limit 1) r, generate_series({from}, {Math.Min(count, from + 2499)}) n
                """);
    }
}
