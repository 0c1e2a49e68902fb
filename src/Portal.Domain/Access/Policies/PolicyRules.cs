namespace Portal.Domain.Access.Policies;

/// <summary>What a rule does with a request that it matches.</summary>
public enum PolicyEffect { Allow, RequireApproval, Deny }

/// <summary>Who may decide a step.</summary>
public abstract record Approvers
{
    private Approvers() { }

    /// <summary>The leads of the team that pays.</summary>
    public sealed record TeamLeads : Approvers;

    /// <summary>Everybody with a portal role.</summary>
    public sealed record InRole(string Role) : Approvers;

    /// <summary>Named people, by e-mail.</summary>
    public sealed record People(IReadOnlyList<string> Emails) : Approvers
    {
        public bool Equals(People? other) => other is not null && Emails.SequenceEqual(other.Emails, StringComparer.OrdinalIgnoreCase);

        public override int GetHashCode() => Emails.Count;
    }

    /// <summary>The leads of the team that supports the item.</summary>
    public sealed record ItemOwners : Approvers;
}

/// <summary>One of the questions that are asked in turn.</summary>
/// <param name="Count">So many different people must approve; one denial ends the request.</param>
/// <param name="ExpiresAfter">Without a decision for so long, from when the step began, the request expires.</param>
public sealed record ApprovalStep(Approvers Approvers, int Count, TimeSpan ExpiresAfter)
{
    /// <summary>What holds when a step does not say: a day and a night.</summary>
    public static TimeSpan DefaultExpiry { get; } = TimeSpan.FromHours(24);
}

/// <summary>Matches some requests and says what happens with them.</summary>
/// <param name="Steps">At least one with <see cref="PolicyEffect.RequireApproval"/>, else none.</param>
/// <param name="Message">What a refused person reads; with <see cref="PolicyEffect.Deny"/> only.</param>
public sealed record PolicyRule(string Name, Condition When, PolicyEffect Effect, IReadOnlyList<ApprovalStep> Steps, string? Message)
{
    /// <summary>Never looks at <see cref="When"/>: the end of the list.</summary>
    public static PolicyRule Otherwise(PolicyEffect effect, IReadOnlyList<ApprovalStep>? steps = null, string? message = null) => new("Otherwise", new Condition.All([]), effect, steps ?? [], message);
}

/// <summary>Rules in order; the first that matches decides, and the default closes the list.</summary>
public sealed record PolicyList(IReadOnlyList<PolicyRule> Rules, PolicyRule Default)
{
    /// <summary>What a new portal begins with: nothing is asked.</summary>
    public static PolicyList Open { get; } = new([], PolicyRule.Otherwise(PolicyEffect.Allow));
}
