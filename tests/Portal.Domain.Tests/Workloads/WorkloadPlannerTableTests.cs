using AwesomeAssertions;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Xunit;

namespace Portal.Domain.Tests.Workloads;

/// <summary>Every desired state × phase × allocation × observation, 792 in all, against one table.</summary>
public sealed class WorkloadPlannerTableTests
{
    // desired | phase | allocation | seen | decision. * is anything, / separates alternatives, ! excludes; the first row that fits decides.
    // 'active' is every phase but those at rest. An allocation is intent (committed, start not recorded), started, or stopping (asked to end 5 s ago).
    private const string Table = """
        Running | PendingApproval | *        | *                     | None
        Running | active          | none     | -                     | Start
        Running | *               | none     | -                     | None
        Running | *               | *        | Unknown               | Wait 2s
        Running | *               | intent   | NotFound              | Resume
        Running | *               | stopping | NotFound/Lost/Exited  | Replace Queued
        Running | *               | *        | NotFound/Lost         | Replace Recovering Lost
        Running | *               | *        | Exited                | Fail Crashed
        Running | *               | stopping | *                     | Wait 20s
        Running | *               | *        | Stopping              | Wait 2s
        Running | *               | intent   | Starting/Ready        | Resume
        Running | Running         | started  | Ready                 | Wait 3600s
        Running | *               | started  | Ready                 | Advance Running
        Running | Queued/Placing/Recovering | started | Starting     | Advance Starting
        Running | Running         | started  | Starting              | Wait 10s
        Running | *               | started  | Starting              | Wait 50s
        Stopped | active          | none     | -                     | Settle Stopped
        Stopped | *               | none     | -                     | None
        Deleted | Deleted         | none     | -                     | None
        Deleted | *               | none     | -                     | Settle Deleted
        Stopped/Deleted | *       | *        | Unknown               | Wait 2s
        Stopped | *               | *        | NotFound/Lost/Exited  | Settle Stopped
        Deleted | *               | *        | NotFound/Lost/Exited  | Settle Deleted
        Stopped/Deleted | *       | stopping | *                     | Wait 20s
        Stopped/Deleted | *       | *        | *                     | Stop
        """;

    private static readonly Dictionary<string, AllocationSnapshot?> Allocations = new()
    {
        ["none"] = null,
        ["intent"] = PlannerCases.Intent,
        ["started"] = PlannerCases.Started,
        ["stopping"] = PlannerCases.StopAsked,
    };

    [Fact]
    public void Next_EveryCombination_IsWhatTheTableSays()
    {
        var rules = Table.Split('\n').Select(line => line.Split('|', StringSplitOptions.TrimEntries)).ToList();
        var used = new HashSet<int>();
        var wrong = new List<string>();
        var all = 0;
        foreach (var (desired, phase, allocation, seen) in Combinations())
        {
            all++;
            var rule = rules.FindIndex(r => Fits(r[0], desired.ToString()) && Fits(r[1], phase) && Fits(r[2], allocation) && Fits(r[3], seen?.ToString() ?? "-"));
            used.Add(rule);
            var actual = PlannerCases.Next(PlannerCases.Notebook with { Desired = desired, Phase = phase }, Allocations[allocation], seen is { } state ? PlannerCases.Seen(state) : null);
            if (rule < 0 || actual != rules[rule][4]) wrong.Add($"{desired}, {phase}, {allocation}, {seen}: {actual}, but the table says {(rule < 0 ? "nothing" : rules[rule][4])}");
        }
        wrong.Should().BeEmpty();
        all.Should().Be(3 * 12 * (1 + 3 * 7));
        used.Should().HaveCount(rules.Count, "a row that decides nothing is a mistake in the table");
    }

    private static IEnumerable<(DesiredState Desired, WorkloadPhase Phase, string Allocation, ObservedState? Seen)> Combinations() =>
        from desired in Enum.GetValues<DesiredState>()
        from phase in Enum.GetValues<WorkloadPhase>()
        from allocation in Allocations.Keys
        from seen in allocation == "none" ? [null] : Enum.GetValues<ObservedState>().Cast<ObservedState?>()
        select (desired, phase, allocation, seen);

    private static bool Fits(string pattern, WorkloadPhase phase) => pattern == "active" ? phase.IsActive() : Fits(pattern, phase.ToString());

    private static bool Fits(string pattern, string value) => pattern == "*" || pattern.Split('/').Contains(value);
}
