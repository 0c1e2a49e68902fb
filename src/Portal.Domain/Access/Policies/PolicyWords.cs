namespace Portal.Domain.Access.Policies;

/// <summary>Reads a rule aloud: "GPU launches above $5/h by anyone outside vision need two approvals: their lead, then an Admin."</summary>
public static class PolicyWords
{
    private static readonly string[] Numbers = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

    /// <summary>One sentence.</summary>
    public static string Read(PolicyRule rule)
    {
        var (subject, rest) = Subject(rule.When);
        var about = rest is null ? "" : " " + Phrase(rest, negated: false, isTop: true);
        return $"{subject}{about} {Effect(rule)}";
    }

    /// <summary>Who is asked, such as <c>their lead, then 2 of role Admin</c>.</summary>
    public static string Steps(IReadOnlyList<ApprovalStep> steps) => string.Join(", then ", steps.Select(s => Who(s)));

    /// <summary>Who may decide one step.</summary>
    public static string Who(ApprovalStep step)
    {
        var many = step.Count > 1;
        return step.Approvers switch
        {
            Approvers.TeamLeads => many ? $"{Number(step.Count)} of their leads" : "their lead",
            Approvers.InRole role => many ? $"{Number(step.Count)} with the role {role.Role}" : $"{(role.Role is "Admin" or "Auditor" ? "an" : "a")} {role.Role}",
            Approvers.ItemOwners => many ? $"{Number(step.Count)} leads of the item's owners" : "the item's owners",
            Approvers.People people => (many ? $"{Number(step.Count)} of " : "") + string.Join(many ? ", " : " or ", people.Emails),
            _ => throw new InvalidOperationException($"Unknown approvers {step.Approvers}."),
        };
    }

    private static string Effect(PolicyRule rule)
    {
        var approvals = rule.Steps.Sum(s => s.Count);
        return rule.Effect switch
        {
            PolicyEffect.Allow => "are allowed.",
            PolicyEffect.Deny => $"are refused{(string.IsNullOrWhiteSpace(rule.Message) ? "." : $": “{rule.Message}”")}",
            _ => $"need {Number(approvals)} approval{(approvals == 1 ? "" : "s")}: {Steps(rule.Steps)}.",
        };
    }

    // What is launched comes first in the sentence, when the condition says so at its top.
    private static (string Subject, Condition? About) Subject(Condition when)
    {
        IReadOnlyList<Condition> parts = when is Condition.All all ? all.Parts : [when];
        var named = parts.Select((p, i) => (Word: SubjectOf(p), i)).FirstOrDefault(p => p.Word is not null);
        var rest = named.Word is null ? parts : [.. parts.Where((_, i) => i != named.i)];
        return (named.Word ?? (rest.Count == 0 ? "All launches" : "Launches"), rest.Count switch { 0 => null, 1 => rest[0], _ => new Condition.All(rest) });
    }

    private static string? SubjectOf(Condition part) => part switch
    {
        Condition.CompareWords { Field.Name: "kind", Operator: "eq" or "in" } kind => string.Join(" and ", kind.Values.Select(v => Plural(v))),
        Condition.CompareNumber { Field.Name: "gpuCount", Operator: "ge", Values: [1] } or Condition.CompareNumber { Field.Name: "gpuCount", Operator: "gt", Values: [0] } => "GPU launches",
        Condition.CompareNumber { Field.Name: "gpuCount", Operator: "eq", Values: [0] } => "Launches without a GPU",
        _ => null,
    };

    private static string Plural(string kind) => kind switch { "Notebook" => "Notebooks", "TrainingRun" => "Training runs", "ModelEndpoint" => "Model endpoints", _ => "Services" };

    private static string Phrase(Condition condition, bool negated, bool isTop) => condition switch
    {
        Condition.Not not => Phrase(not.Part, !negated, isTop),
        Condition.All { Parts.Count: 0 } => negated ? "that do not exist" : "of any kind",
        Condition.Any { Parts.Count: 0 } => negated ? "of any kind" : "that do not exist",
        Condition.All all => Joined(all.Parts, negated, isAll: !negated, isTop),
        Condition.Any any => Joined(any.Parts, negated, isAll: negated, isTop),
        Condition.CompareWords words => WordsPhrase(words, negated ^ words.Operator == "ne"),
        Condition.CompareNumber number => NumberPhrase(number.Field, negated ? Opposite(number.Operator) : number.Operator, number.Values),
        _ => throw new InvalidOperationException($"Unknown condition {condition}."),
    };

    private static string Joined(IReadOnlyList<Condition> parts, bool negated, bool isAll, bool isTop)
    {
        var phrases = parts.Select(p => Phrase(p, negated, isTop: false)).ToList();
        if (phrases.Count == 1) return phrases[0];
        return isAll ? string.Join(isTop ? " " : " and ", phrases) : isTop ? "either " + string.Join(" or ", phrases) : $"({string.Join(" or ", phrases)})";
    }

    private static string Opposite(string op) => op switch { "eq" => "ne", "ne" => "eq", "lt" => "ge", "ge" => "lt", "gt" => "le", "le" => "gt", _ => "notIn" };

    private static string WordsPhrase(Condition.CompareWords c, bool isNot)
    {
        var list = string.Join(isNot ? " and " : " or ", c.Values);
        return c.Field.Name switch
        {
            "item" => isNot ? $"of anything but {list}" : $"of {list}",
            "category" => isNot ? $"outside the category {list}" : $"in the category {list}",
            "kind" => isNot ? $"of another kind than {list}" : $"of the kind {list}",
            "hardware" => isNot ? $"on other hardware than {list}" : $"on {list}",
            "gpuKind" => isNot ? $"without {list}" : $"with {list}",
            "target" => isNot ? $"not on {list}" : $"on the target {list}",
            "capacity" => isNot ? $"not on {list} capacity" : $"on {list} capacity",
            "team" => isNot ? $"by anyone outside {list}" : $"by team {list}",
            "role" => isNot ? $"by anyone who is not {Role(c.Values, " or ")}" : $"by anyone who is {Role(c.Values, " or ")}",
            "dataClass" => isNot ? $"without {list} data" : $"with {list} data",
            _ => $"with {c.Field.Label} {(isNot ? "not " : "")}{list}",
        };
    }

    private static string Role(IReadOnlyList<string> roles, string or) =>
        string.Join(or, roles.Select(r => r is PolicyFields.Lead ? "team lead" : r is PolicyFields.Member ? "an ordinary member" : r));

    private static string NumberPhrase(PolicyField field, string op, IReadOnlyList<decimal> values)
    {
        var amounts = values.Select(v => Condition.Amount(field, v)).ToList();
        var one = amounts[0];
        var about = field.Name switch { "hourlyPrice" or "monthlyPrice" => "", "lifetimeHours" => "for ", "budgetLeftAfter" => "that leave ", _ => "with " };
        var what = field.Name switch { "gpuCount" => values.Count == 1 && values[0] == 1 ? " GPU" : " GPUs", "vcpu" => " vCPU", "memoryGib" => " of memory", "budgetLeftAfter" => " of the budget", _ => "" };
        var isPrice = field.Name is "hourlyPrice" or "monthlyPrice";
        return op switch
        {
            "eq" => $"{(isPrice ? "at exactly " : about)}{one}{what}",
            "ne" => $"{(isPrice ? "not at " : about + "anything but ")}{one}{what}",
            "lt" => isPrice ? $"below {one}" : $"{about}less than {one}{what}",
            "le" => isPrice ? $"up to {one}" : $"{about}at most {one}{what}",
            "gt" => isPrice ? $"above {one}" : $"{about}more than {one}{what}",
            "ge" => isPrice ? $"from {one}" : $"{about}at least {one}{what}",
            "notIn" => $"{(isPrice ? "not at " : about + "anything but ")}{string.Join(" and ", amounts)}{what}",
            _ => $"{(isPrice ? "at " : about)}{string.Join(" or ", amounts)}{what}",
        };
    }

    private static string Number(int count) => count < Numbers.Length ? Numbers[count] : count.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
