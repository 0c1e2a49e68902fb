using System.Diagnostics;
using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Audit;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Audit;

/// <summary>The trail: sealed in order, whatever is changed shows, pages hang together.</summary>
public sealed class AuditChainTests : HostedTests
{
    private Actor _ada = null!;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _ada = await Host.AddPersonAsync("Ada", roles: [PortalRoles.Admin]);
    }

    private Task<AuditVerification> VerifyAsync() => Host.Get<VerifyAudit>().ComputeAsync(default);

    /// <summary>Entries with everything in them that could confuse a hash.</summary>
    private async Task WriteAsync(int count, string action = "test.write")
    {
        await using var db = await Host.OpenAsync();
        var now = await db.NowAsync(default);
        for (var i = 0; i < count; i++) db.Audit(i % 3 == 0 ? null : Lena with { TokenId = i % 2 == 0 ? Guid.NewGuid() : null, Source = "192.0.2.1" }, now.AddMilliseconds(i), action, "test", $"{i % 7}", $"Żółw {i} \"'\\ 🐢", new { z = i, a = "x\ny", nested = new { b = 1.5m } }, i % 2 == 0 ? "because" : null);
        await db.SaveChangesAsync();
    }

    // As somebody who owns the database could.
    private Task TamperAsync(string sql) => Host.Database.ExecuteAsync($"set session_replication_role = replica; {sql}; set session_replication_role = default");

    [Fact]
    public async Task Entries_AreSealedInOrder_AndProven()
    {
        await WriteAsync(50);
        (await Host.Get<SealAudit>().ExecuteAsync(default)).Should().BeGreaterThanOrEqualTo(50);
        (await Host.Get<SealAudit>().ExecuteAsync(default)).Should().Be(0);
        await WriteAsync(10);
        await Host.Get<SealAudit>().ExecuteAsync(default);
        var found = await VerifyAsync();
        (found.Ok, found.Problem).Should().Be((true, null));
        found.Entries.Should().Be((await Host.Database.QueryAsync<long>("select count(*) as \"Value\" from audit_entries"))[0]);
        (await Host.Database.QueryAsync<long>("select count(*) as \"Value\" from audit_unsealed"))[0].Should().Be(0);
    }

    [Fact]
    public async Task Sealers_AtOnce_NeverForkTheChain()
    {
        await Task.WhenAll(Enumerable.Range(0, 6).Select(async n =>
        {
            await WriteAsync(80, $"test.writer{n}");
            await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Host.Get<SealAudit>().ExecuteAsync(default)));
        }));
        await Host.Get<SealAudit>().ExecuteAsync(default);
        var found = await VerifyAsync();
        found.Ok.Should().BeTrue(found.Problem);
        found.Entries.Should().BeGreaterThanOrEqualTo(480);
    }

    [Theory]
    [InlineData("update audit_entries set actor_name = 'somebody else' where id = (select entry_id from audit_seals where seq = 20)", 20, "was changed")]
    [InlineData("update audit_entries set detail = '{\"z\": 0}' where id = (select entry_id from audit_seals where seq = 21)", 21, "was changed")]
    [InlineData("update audit_entries set reason = null where id = (select entry_id from audit_seals s join audit_entries e on e.id = s.entry_id where seq > 9 and e.reason is not null order by seq limit 1)", null, "was changed")]
    [InlineData("update audit_entries set at = at + interval '1 microsecond' where id = (select entry_id from audit_seals where seq = 5)", 5, "was changed")]
    [InlineData("delete from audit_entries where id = (select entry_id from audit_seals where seq = 7)", 7, "is gone")]
    [InlineData("delete from audit_seals where seq = 9", 9, "is missing")]
    [InlineData("update audit_seals a set entry_id = b.entry_id from audit_seals b where (a.seq = 3 and b.seq = 4) or (a.seq = 4 and b.seq = 3)", 3, "was changed")]
    [InlineData("delete from audit_seals where seq > 30; delete from audit_entries where id not in (select entry_id from audit_seals)", 31, "cut off")]
    public async Task Change_OfThePast_IsFound(string sql, int? seq, string words)
    {
        await WriteAsync(60);
        await Host.Get<SealAudit>().ExecuteAsync(default);
        await Host.Get<SealAudit>().NoteHeadAsync(default);
        (await VerifyAsync()).Ok.Should().BeTrue();
        await Host.Database.ExecuteAsync("alter table audit_seals drop constraint if exists fk_audit_seals_audit_entries_entry_id; drop index if exists ix_audit_seals_entry_id");

        await TamperAsync(sql);

        var found = await VerifyAsync();
        found.Ok.Should().BeFalse();
        found.Problem.Should().Contain(words);
        if (seq is { } number) found.FirstBrokenSeq.Should().Be(number);
        (await Host.Get<VerifyAudit>().ExecuteAsync(Lena, default)).Should().BeNull("she is no auditor");
    }

    [Fact]
    public async Task TrailThatWasCutOffAndGrewAgain_IsFound_AndTheEvidenceStays()
    {
        await WriteAsync(40);
        await Host.Get<SealAudit>().ExecuteAsync(default);
        await Host.Get<SealAudit>().NoteHeadAsync(default);
        await Host.Database.ExecuteAsync("alter table audit_seals drop constraint fk_audit_seals_audit_entries_entry_id");
        await TamperAsync("delete from audit_entries where id in (select entry_id from audit_seals where seq > 30); delete from audit_seals where seq > 30");
        await WriteAsync(40, "test.grown");
        await Host.Get<SealAudit>().ExecuteAsync(default);
        var note = () => Host.Get<SealAudit>().NoteHeadAsync(default);
        await note.Should().ThrowAsync<InvalidOperationException>();
        (await VerifyAsync()).Problem.Should().Contain("not the one whose head was noted");
    }

    [Fact]
    public async Task Entry_KeptFromItsSeal_IsFound()
    {
        await WriteAsync(3);
        await Host.Get<SealAudit>().ExecuteAsync(default);
        await TamperAsync($"insert into audit_entries (id, at, actor_kind, actor_name, action, subject_kind, subject_id, subject_name) values (gen_random_uuid(), clock_timestamp() - interval '10 minutes', 'person', 'x', 'x.y', 'x', 'x', 'x')");
        (await VerifyAsync()).Problem.Should().Contain("have no seal");
    }

    [Fact]
    public async Task Pages_HangTogether_AndFiltersNarrow()
    {
        await WriteAsync(130);
        await Host.Get<SealAudit>().ExecuteAsync(default);
        List<Guid> seen = [];
        AuditCursor? after = null;
        do
        {
            var page = (await Host.Get<AuditQueries>().ListAsync(new AuditFilter(Action: "test."), after, 50, _ada, default))!.Value;
            seen.AddRange(page.Rows.Select(r => r.Entry.Id));
            page.Rows.Should().OnlyContain(r => r.Seq != null);
            after = AuditCursor.Parse(page.Next?.ToString());
        }
        while (after is not null);
        seen.Should().HaveCount(130).And.OnlyHaveUniqueItems();
        async Task<int> CountAsync(AuditFilter filter) => (await Host.Get<AuditQueries>().ListAsync(filter, null, 1000, _ada, default))!.Value.Rows.Count;
        (await CountAsync(new AuditFilter(Subject: ("test", "3")))).Should().Be(Enumerable.Range(0, 130).Count(i => i % 7 == 3));
        (await CountAsync(new AuditFilter(Action: "test.write", Actor: "lena@"))).Should().Be(Enumerable.Range(0, 130).Count(i => i % 3 != 0));
        (await CountAsync(new AuditFilter(Text: "100%_"))).Should().Be(0);
        (await CountAsync(new AuditFilter(Text: "ółw 12"))).Should().Be(11);
        var exported = new List<AuditRow>();
        await foreach (var row in Host.Get<AuditQueries>().ExportAsync(new AuditFilter(Action: "test."), _ada, default)) exported.Add(row);
        exported.Select(r => r.Entry.Id).Reverse().Should().Equal(seen);
        (await Host.Get<AuditQueries>().ListAsync(new AuditFilter(), null, 10, Lena, default)).Should().BeNull();
    }

    [Fact]
    public async Task LargeTrail_IsReadAndProvenQuickly()
    {
        var (count, watch) = (LargeTrail.Entries, new Stopwatch());
        // As they come in real life: sealed soon after they were written.
        for (var from = 1; from <= count; from += LargeTrail.Part)
        {
            await LargeTrail.WriteAsync(Host, Lena.UserId, from);
            watch.Start();
            await Host.Get<SealAudit>().ExecuteAsync(default);
            watch.Stop();
        }
        var sealing = watch.Elapsed;
        watch.Restart();
        var found = await VerifyAsync();
        var verifying = watch.Elapsed;
        found.Ok.Should().BeTrue(found.Problem);
        found.Entries.Should().BeGreaterThanOrEqualTo(count);
        await Host.Database.ExecuteAsync("analyze audit_entries; analyze audit_seals");
        var middle = new AuditCursor(TimeProvider.System.GetUtcNow().AddSeconds(-count / 2), Guid.Empty);
        Func<Task> List(AuditFilter filter, AuditCursor? after = null) => async () => (await Host.Get<AuditQueries>().ListAsync(filter, after, 50, _ada, default))!.Value.Rows.Should().NotBeEmpty();
        var p95 = await LargeTrail.MeasureAsync($"{count} entries, sealed in {sealing.TotalSeconds:0.0} s, proven in {verifying.TotalSeconds:0.0} s",
            ("newest", List(new AuditFilter())), ("middle", List(new AuditFilter(), middle)), ("action", List(new AuditFilter(Action: "workload."), middle)), ("subject", List(new AuditFilter(Subject: ("workload", "77")))), ("actor", List(new AuditFilter(Actor: "p77@"))));
        if (count < LargeTrail.Full) return;
        verifying.Should().BeLessThan(TimeSpan.FromSeconds(30));
        p95.Should().BeLessThan(300);
    }
}
