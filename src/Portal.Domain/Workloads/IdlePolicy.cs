using Portal.Domain.Catalog;

namespace Portal.Domain.Workloads;

/// <summary>What idleness means for a workload now.</summary>
/// <param name="StopAt">The announced stop; null: none is announced.</param>
/// <param name="Stop">True when it is to be stopped now.</param>
public sealed record IdleVerdict(DateTimeOffset? StopAt, bool Stop);

/// <summary>Decides when an idle workload is warned and when it is stopped. Pure.</summary>
public static class IdlePolicy
{
    /// <summary>The rules in force, in order: the workload's own time-out alone where one was chosen, else the item's.</summary>
    public static IReadOnlyList<IdleRule> RulesFor(ActivitySpec activity, TimeSpan? own) =>
        activity.Probe == "none" ? [] : own is { } idle ? [new IdleRule(idle, TimeSpan.Zero, "stop")] : activity.Rules;

    /// <param name="rules">In order; the first whose time has come decides, until then the earliest end is announced.</param>
    /// <param name="readyAt">When the current attempt became ready: nothing before it counts.</param>
    /// <param name="activityAt">Last activity, if any.</param>
    /// <param name="announced">The stop that was announced before, if any.</param>
    /// <param name="warnBefore">How long people are warned; never more than half of the rule's own time.</param>
    public static IdleVerdict Judge(IReadOnlyList<IdleRule> rules, DateTimeOffset readyAt, DateTimeOffset? activityAt, DateTimeOffset? announced, TimeSpan warnBefore, DateTimeOffset now)
    {
        var idleSince = activityAt > readyAt ? activityAt.Value : readyAt;
        if (Earliest(rules, idleSince, readyAt) is not var (rule, due)) return new IdleVerdict(null, false);
        var warning = warnBefore < rule.IdleFor / 2 ? warnBefore : rule.IdleFor / 2;
        if (now < due - warning) return new IdleVerdict(null, false);
        // Nobody is stopped unwarned, also when the portal was away at the time of the warning.
        if (announced is not { } stopAt) return new IdleVerdict(due > now + warning ? due : now + warning, false);
        if (stopAt < due) stopAt = due;
        return new IdleVerdict(stopAt, now >= stopAt);
    }

    private static (IdleRule Rule, DateTimeOffset Due)? Earliest(IReadOnlyList<IdleRule> rules, DateTimeOffset idleSince, DateTimeOffset readyAt)
    {
        (IdleRule Rule, DateTimeOffset Due)? earliest = null;
        foreach (var rule in rules.Where(r => r.Then == "stop"))
        {
            var due = idleSince + rule.IdleFor > readyAt + rule.MinRunning ? idleSince + rule.IdleFor : readyAt + rule.MinRunning;
            if (earliest is null || due < earliest.Value.Due) earliest = (rule, due);
        }
        return earliest;
    }
}
