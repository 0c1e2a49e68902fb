namespace Portal.Domain.Access.Policies;

/// <summary>One rule looked at.</summary>
/// <param name="Number">From 1; the default has the number after the last rule.</param>
/// <param name="Why">The facts that made it match or not.</param>
public sealed record PolicyTrace(int Number, string Rule, bool Matched, string Why);

/// <summary>What the list says to a request, and how it came to that.</summary>
/// <param name="Rule">The rule that decided.</param>
/// <param name="Number">Its number, from 1.</param>
public sealed record PolicyVerdict(PolicyRule Rule, int Number, PolicyList List, PolicyFacts Facts)
{
    public PolicyEffect Effect => Rule.Effect;

    /// <summary>The facts that made the rule match.</summary>
    public string Why => Number > List.Rules.Count ? "no rule before it matched" : Rule.When.Explain(Facts);

    /// <summary>Every rule up to the deciding one, in order; the last one matched and no other. Put into words when it is read.</summary>
    public IReadOnlyList<PolicyTrace> Trace =>
    [
        .. List.Rules.Take(Number - 1).Select((rule, i) => new PolicyTrace(i + 1, rule.Name, false, rule.When.Explain(Facts))),
        new PolicyTrace(Number, Rule.Name, true, Why),
    ];
}

/// <summary>Asks the rules in order. Pure and total: every list has one answer for every request.</summary>
public static class PolicyEvaluator
{
    public static PolicyVerdict Evaluate(PolicyList list, PolicyFacts facts)
    {
        for (var i = 0; i < list.Rules.Count; i++)
            if (list.Rules[i].When.Holds(facts)) return new PolicyVerdict(list.Rules[i], i + 1, list, facts);
        return new PolicyVerdict(list.Default, list.Rules.Count + 1, list, facts);
    }
}
