using System.Globalization;
using System.Text.Json;
using AwesomeAssertions;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Costs;

/// <summary>Whatever is grouped and filtered, the sums are the ledger's, to the last of six decimals.</summary>
public sealed class CostReportTests : HostedTests
{
    private static readonly string[] Groupings =
    [
        "", "team", "owner", "category", "item", "kind", "target", "capacity", "workload", "tag:project", "day", "week", "month", "team,day", "item,workload", "target,capacity,week", "owner,tag:project", "kind,month,team",
    ];

    private readonly Random _random = new(20261123);
    private Actor _boss = null!;
    private Actor _tom = null!;

    private CostReportQueries Costs => Host.Get<CostReportQueries>();

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        _boss = await Host.AddPersonAsync("Fiona", roles: [PortalRoles.FinOps]);
        _tom = await Host.AddPersonAsync("Tom", ["speech"]);
        var ines = await Host.AddPersonAsync("Ines", ["speech", "risk"]);
        (Actor Who, string Item, string Team)[] launches =
        [
            (Lena, HostWorkloads.Notebook, "vision"), (Lena, HostWorkloads.Training, "vision"), (Lena, HostWorkloads.Notebook, "vision"), (_tom, HostWorkloads.Training, "speech"),
            (_tom, HostWorkloads.Notebook, "speech"), (ines, HostWorkloads.Training, "risk"), (ines, HostWorkloads.Notebook, "speech"), (ines, HostWorkloads.Training, "risk"),
        ];
        for (var n = 0; n < launches.Length; n++)
        {
            var id = await Host.LaunchAsync(launches[n].Who, launches[n].Item, $"{launches[n].Team}-{n}", team: launches[n].Team);
            if (n % 3 != 0) await Host.Database.ExecuteAsync("update workloads set tags = jsonb_build_object('project', $2) where id = $1", id, n % 2 == 0 ? "a, b: 100%" : "apollo");
            await UseAsync(id, n);
            if (n == 1) await Host.Database.ExecuteAsync("update workloads set phase = 'Deleted', desired = 'Deleted' where id = $1", id);
        }
    }

    // Three attempts each: one ended and posted, one ended (posted wholly, in part, or corrected), one open. Prices and whole seconds are such that halves of a millionth occur.
    private async Task UseAsync(Guid id, int n)
    {
        await using var db = await Host.OpenAsync();
        var now = await db.NowAsync(default);
        var second = new DateTimeOffset(now.UtcTicks - now.UtcTicks % TimeSpan.TicksPerSecond, TimeSpan.Zero);
        DateTimeOffset Ago(double hours) => n % 2 == 0 ? second.AddSeconds(-Math.Round(hours * 3600)) : now.AddHours(-hours);
        decimal Price() => n % 2 == 0 ? 0.0018m * (2 * _random.Next(1, 400) + 1) : Math.Round((decimal)_random.NextDouble() * 9, 12);
        var (price, capacity) = (Price(), n % 3 == 0 ? CapacityType.Spot : CapacityType.OnDemand);
        var (first, second2) = (900 + _random.NextDouble() * 600, 100 + _random.NextDouble() * 300);
        await Host.AddUsageAsync(id, 1, Ago(first), Ago(first - 50), Ago(first - 50), price, price * 2, capacity);
        await Host.AddUsageAsync(id, 2, Ago(second2), Ago(second2 - 40), n % 4 == 0 ? null : Hour(Ago(second2 - 30)), Price(), target: n % 2 == 0 ? "local" : "mars", learntEnd: n % 4 == 1 ? Ago(second2 - 7.3) : null);
        await Host.AddUsageAsync(id, 3, Ago(60 + n), null, n % 3 == 1 ? null : Hour(Ago(n)), Price(), 9.5m, capacity);
    }

    private static DateTimeOffset Hour(DateTimeOffset at) => new(at.UtcTicks - at.UtcTicks % TimeSpan.TicksPerHour, TimeSpan.Zero);

    private sealed record Fact(DateTimeOffset Start, decimal Cost, decimal ListCost, Dictionary<string, string> Keys);

    // The ledger as it stands, and what is open as the posting itself would cut it at that instant.
    private async Task<List<Fact>> FactsAsync(DateTimeOffset asOf)
    {
        await using var db = await Host.OpenAsync();
        var intervals = await db.UsageIntervals.AsNoTracking().ToListAsync();
        var records = await db.UsageRecords.AsNoTracking().ToListAsync();
        records.AddRange(intervals.SelectMany(i => LedgerPosting.Due(i, i.EndedAt ?? asOf, asOf)));
        var allocations = await db.Allocations.ToDictionaryAsync(a => a.Id);
        var workloads = await db.Workloads.ToDictionaryAsync(w => w.Id);
        var (teams, people, items) = (await db.Teams.ToDictionaryAsync(t => t.Id), await db.Users.ToDictionaryAsync(u => u.Id),
            await db.ItemVersions.Join(db.CatalogItems, v => v.ItemId, i => i.Id, (v, i) => new { v.Id, Item = i }).ToDictionaryAsync(x => x.Id, x => x.Item));
        return [.. records.Select(r =>
        {
            var (w, day) = (workloads[r.WorkloadId], r.PeriodStart.UtcDateTime.Date);
            return new Fact(r.PeriodStart, r.Cost, r.ListCost, new()
            {
                ["team"] = teams[w.TeamId].Slug, ["owner"] = people[w.OwnerId].Email!, ["category"] = items[w.ItemVersionId].CategorySlug, ["item"] = items[w.ItemVersionId].Slug, ["kind"] = w.Kind.ToString(),
                ["target"] = allocations[r.AllocationId].Target, ["capacity"] = r.CapacityType, ["workload"] = w.Id.ToString(),
                ["tag:project"] = JsonDocument.Parse(w.TagsJson).RootElement.TryGetProperty("project", out var tag) ? tag.GetString()! : "",
                ["day"] = day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), ["week"] = day.AddDays(-(((int)day.DayOfWeek + 6) % 7)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                ["month"] = day.ToString("yyyy-MM", CultureInfo.InvariantCulture),
            });
        })];
    }

    private static IReadOnlyList<CostDimension> By(string words) => [.. words.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(w => CostDimension.Parse(w)!)];

    private static CostFilter Only(string dimension, params string[] values) => new(CostDimension.Parse(dimension)!, values);

    private async Task CheckAsync(CostQuery query, string because)
    {
        foreach (var words in Groupings)
        {
            var report = await Costs.ReadAsync(query with { GroupBy = By(words) }, null, _boss, default);
            var facts = (await FactsAsync(report.AsOf)).Where(f => f.Start >= query.From && (query.To is null || f.Start < query.To) && query.Filters.All(x => x.Values.Contains(f.Keys[x.Dimension.Word]))).ToList();
            var expected = facts.GroupBy(f => string.Join('|', By(words).Select(d => f.Keys[d.Word])))
                .ToDictionary(g => g.Key, g => (g.Sum(f => f.Cost), g.Sum(f => f.ListCost)));
            report.Rows.ToDictionary(r => string.Join('|', r.Keys), r => (r.Cost, r.ListCost)).Should().BeEquivalentTo(expected, $"{because}, by '{words}'");
            (report.Total.Cost, report.Total.ListCost).Should().Be((facts.Sum(f => f.Cost), facts.Sum(f => f.ListCost)), $"{because}, by '{words}'");
        }
    }

    [Fact]
    public async Task EveryGrouping_OfEverything_IsTheLedger()
    {
        var all = new CostQuery { From = DateTimeOffset.UnixEpoch };
        await CheckAsync(all, "all");
        var report = await Costs.ReadAsync(all, null, _boss, default);
        var posted = (await Host.Database.QueryAsync<decimal>("select sum(cost) from usage_records"))[0];
        await using var db = await Host.OpenAsync();
        var open = (await db.UsageIntervals.AsNoTracking().ToListAsync()).Sum(i => Accrual.Between(i.StartedAt, i.PostedUntil, i.EndedAt ?? report.AsOf, i.HourlyPrice));
        (posted, open).Should().Match<(decimal, decimal)>(x => x.Item1 > 10 && x.Item2 > 10, "both count in this test");
        report.Total.Cost.Should().Be(posted + open);
        report.Total.Saving.Should().BePositive();
    }

    [Fact]
    public async Task EveryGrouping_OfAPeriod_CountsWhatBeginsInIt()
    {
        await using var db = await Host.OpenAsync();
        var now = await db.NowAsync(default);
        var today = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero);
        await CheckAsync(new CostQuery { From = today.AddDays(-2), To = today }, "whole days");
        await CheckAsync(new CostQuery { From = now.AddDays(-20), To = now.AddHours(-1.4) }, "in the middle of hours");
        await CheckAsync(new CostQuery { From = now.AddMinutes(-90) }, "lately");
        await CheckAsync(new CostQuery { From = today.AddDays(3) }, "in the future");
    }

    [Fact]
    public async Task EveryGrouping_UnderFilters_CountsWhatPassesAll()
    {
        var mine = (await Host.Database.QueryAsync<Guid>("select id from workloads where name = 'risk-5'"))[0];
        foreach (var filters in new CostFilter[][]
        {
            [Only("team", "speech", "risk")], [Only("owner", "ines@example.org"), Only("kind", "TrainingRun")], [Only("capacity", "spot")], [Only("target", "mars"), Only("capacity", "on-demand")], [Only("item", HostWorkloads.Notebook)],
            [Only("tag:project", "a, b: 100%", "apollo")], [Only("tag:project", "")], [Only("workload", mine.ToString())], [Only("category", "training")], [Only("team", "nobody' or true --")],
        })
            await CheckAsync(new CostQuery { From = DateTimeOffset.UnixEpoch, Filters = filters }, string.Join(" and ", filters.Select(f => $"{f.Dimension.Word}={string.Join('/', f.Values)}")));
        (await Costs.ReadAsync(new CostQuery { From = DateTimeOffset.UnixEpoch, Filters = [Only("workload", "risk-5")] }, null, _boss, default)).Total.Cost
            .Should().BeApproximately((await Costs.ReadAsync(new CostQuery { From = DateTimeOffset.UnixEpoch, Filters = [Only("workload", mine.ToString())] }, null, _boss, default)).Total.Cost, 0.01m, "a name stands for its workload").And.BePositive();
    }

    [Fact]
    public async Task Posting_MovesNothingBetweenPeriodsOrGroups()
    {
        await using var db = await Host.OpenAsync();
        var cut = (await db.NowAsync(default)).AddHours(-5.5);
        var before = await Costs.ReadAsync(new CostQuery { From = DateTimeOffset.UnixEpoch, To = cut, GroupBy = By("workload,day") }, null, _boss, default);
        (await Host.Get<UsagePosting>().PostDueAsync(default)).Should().BePositive();
        var after = await Costs.ReadAsync(new CostQuery { From = DateTimeOffset.UnixEpoch, To = cut, GroupBy = By("workload,day") }, null, _boss, default);
        after.Rows.Should().BeEquivalentTo(before.Rows);
    }

    [Fact]
    public async Task Hours_WithACorrectedEnd_AreThoseBilled()
    {
        var report = await Costs.ReadAsync(new CostQuery { From = DateTimeOffset.UnixEpoch, GroupBy = By("workload") }, null, _boss, default);
        await using var db = await Host.OpenAsync();
        foreach (var workload in (await db.UsageIntervals.AsNoTracking().ToListAsync()).GroupBy(i => i.WorkloadId))
            report.Rows.Single(r => r.Keys[0] == workload.Key.ToString()).Hours.Should().BeApproximately(workload.Sum(i => (decimal)((i.EndedAt ?? report.AsOf) - i.StartedAt).TotalHours), 0.00001m);
    }

    [Fact]
    public async Task Report_ForAMember_HasOnlyWhatTheyMaySee()
    {
        foreach (var words in Groupings)
        {
            var query = new CostQuery { From = DateTimeOffset.UnixEpoch, GroupBy = By(words) };
            var (hers, speech) = (await Costs.ReadAsync(query, null, Lena, default), await Costs.ReadAsync(query with { Filters = [Only("team", "vision")] }, null, _boss, default));
            hers.Rows.Select(r => string.Join('|', r.Keys)).Should().Equal(speech.Rows.Select(r => string.Join('|', r.Keys)));
            hers.Total.Cost.Should().BeApproximately(speech.Total.Cost, 0.01m, "only the clock went on").And.BePositive();
        }
        (await Costs.ReadAsync(new CostQuery { From = DateTimeOffset.UnixEpoch, Filters = [Only("team", "speech")] }, null, Lena, default)).Rows.Should().BeEmpty();
        var his = (await Host.Database.QueryAsync<Guid>("select id from workloads where name = 'speech-3'"))[0];
        (await Costs.RecordsAsync(new CostQuery { From = DateTimeOffset.UnixEpoch }, his, Lena, default)).Should().BeEmpty();
        (await Costs.RecordsAsync(new CostQuery { From = DateTimeOffset.UnixEpoch }, his, _tom, default)).Should().NotBeEmpty();
        (await Costs.ReadAsync(new CostQuery { From = DateTimeOffset.UnixEpoch }, null, await Host.ActorAsync(_boss.UserId, TokenScopes.Approve), default)).Rows.Should().BeEmpty("this token may not read");
        await Host.Database.ExecuteAsync("insert into workload_shares (workload_id, user_id) values ($1, $2)", his, Lena.UserId);
        (await Costs.ReadAsync(new CostQuery { From = DateTimeOffset.UnixEpoch, GroupBy = By("workload"), Filters = [Only("team", "speech")] }, null, Lena, default)).Rows.Should().ContainSingle().Which.Names[0].Should().Be("speech-3");
    }

    [Theory]
    [InlineData("team", "workload")]
    [InlineData("day", "capacity")]
    [InlineData("tag:project", "month")]
    [InlineData("target", "week")]
    public async Task Rows_DrilledDown_AddUpToTheirGroupAtEveryStep(string first, string second)
    {
        var query = new CostQuery { From = DateTimeOffset.UnixEpoch, To = Hour(TimeProvider.System.GetUtcNow()).AddDays(-1.5) };
        var (outer, inner, workload) = (CostDimension.Parse(first)!, CostDimension.Parse(second)!, CostDimension.Parse("workload")!);
        foreach (var group in (await Costs.ReadAsync(query with { GroupBy = [outer] }, null, _boss, default)).Rows)
        {
            var within = query.Within(outer, group.Keys[0]);
            var parts = await Costs.ReadAsync(within with { GroupBy = [inner] }, null, _boss, default);
            (parts.Total.Cost, parts.Total.ListCost).Should().Be((group.Cost, group.ListCost));
            foreach (var part in parts.Rows)
            {
                var narrowed = within.Within(inner, part.Keys[0]);
                var workloads = await Costs.ReadAsync(narrowed with { GroupBy = [workload] }, null, _boss, default);
                (workloads.Total.Cost, workloads.Total.ListCost).Should().Be((part.Cost, part.ListCost), $"{group.Keys[0]}, {part.Keys[0]}");
                if (part == parts.Rows[^1])
                    foreach (var one in workloads.Rows) (await Costs.RecordsAsync(narrowed, Guid.Parse(one.Keys[0]), _boss, default)).Sum(r => r.Cost).Should().Be(one.Cost);
            }
        }
    }

    [Fact]
    public async Task Overview_TopGroupsAndDays_AddUpToTheTotal()
    {
        var overview = await Costs.OverviewAsync(new CostQuery { From = DateTimeOffset.UnixEpoch, GroupBy = By("workload") }, 7, _boss, default);
        (overview.Report.Groups, overview.Report.Rows.Count, overview.Top.Count).Should().Be((8, 7, CostReportQueries.TopGroups));
        overview.Report.Rows.Select(r => r.Cost).Should().BeInDescendingOrder();
        overview.Report.Total.Cost.Should().BeGreaterThan(overview.Report.Rows.Sum(r => r.Cost), "the eighth counts");
        overview.Days.Sum(d => d.Cost).Should().Be(overview.Report.Total.Cost);
        foreach (var row in overview.Report.Rows.Take(CostReportQueries.TopGroups)) overview.Days.Where(d => d.Group == row.Keys[0]).Sum(d => d.Cost).Should().Be(row.Cost);
        overview.Days.Where(d => d.Group is null).Should().NotBeEmpty();
    }
}
