using Portal.Domain.Access.Policies;

namespace Portal.Domain.Access.Approvals;

/// <summary>What is asked for.</summary>
public enum ApprovalKind
{
    /// <summary>A new workload, or one that rested, to run.</summary>
    Launch,
    /// <summary>A later end than the policies let through without asking.</summary>
    Extension,
    /// <summary>The use of a restricted item, category or hardware profile for a time.</summary>
    Access,
    /// <summary>Other hardware or another kind of capacity for a workload, at a higher price.</summary>
    Move,
    /// <summary>A larger monthly budget of a team.</summary>
    Budget,
    /// <summary>To become a member of a team.</summary>
    Membership,
}

/// <summary>Where a request stands. Every state but the first is final.</summary>
public enum ApprovalState { Waiting, Approved, Denied, Expired, Withdrawn }

/// <summary>A question put to approvers, step by step. The row is locked while it changes, so that it has exactly one outcome.</summary>
public sealed class ApprovalRequest
{
    public required Guid Id { get; init; }
    public required ApprovalKind Kind { get; init; }
    public required Guid RequesterId { get; init; }
    /// <summary>The team that pays, or for which access is asked.</summary>
    public required Guid TeamId { get; init; }
    /// <summary>The workload to launch or extend; null for access.</summary>
    public Guid? WorkloadId { get; init; }
    /// <summary>The team that supports the item; its leads are the item's owners. Null: no item, or a team that does not exist.</summary>
    public Guid? ItemTeamId { get; init; }
    /// <summary>What it is about where it is no workload, as a word: item, category, hardware, budget or team.</summary>
    public string? SubjectKind { get; init; }
    /// <summary>For access: its slug. For workloads: the item's slug, by which similar decisions are found.</summary>
    public required string Subject { get; init; }
    /// <summary>What people read, such as the workload's name.</summary>
    public required string Title { get; init; }
    /// <summary>Why, in the requester's words.</summary>
    public string? Reason { get; init; }
    /// <summary>The rule that asked.</summary>
    public required string Rule { get; init; }
    /// <summary>The list of policies it stood in; null when a restriction asked.</summary>
    public int? PolicyNumber { get; init; }
    /// <summary>The facts that made the rule match, in words.</summary>
    public required string Why { get; init; }
    /// <summary>The <see cref="ApprovalStep"/>s as JSON.</summary>
    public required string StepsJson { get; init; }
    /// <summary>Hours asked for: of a launch its lifetime, of an extension the hours more, of access its duration; null: without end.</summary>
    public decimal? Hours { get; init; }
    /// <summary>Price per hour, as approvers see it; 0 for access.</summary>
    public decimal HourlyPrice { get; set; }
    public string Currency { get; init; } = "USD";
    /// <summary>Of a budget raise: the amount per month that is asked for; else null.</summary>
    public decimal? Amount { get; init; }
    /// <summary>Of a move: what the workload becomes, as JSON; else null.</summary>
    public string? ChangeJson { get; set; }

    public ApprovalState State { get; set; } = ApprovalState.Waiting;
    /// <summary>The step that is asked now, from 0.</summary>
    public int Step { get; set; }
    /// <summary>When the step began.</summary>
    public required DateTimeOffset StepSince { get; set; }
    /// <summary>Without a decision by then it expires.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }
    /// <summary>Grows with every change of what is asked; decisions count for the revision they were made on.</summary>
    public int Revision { get; set; } = 1;
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? EndedAt { get; set; }
    /// <summary>How it ended, in words for people.</summary>
    public string? EndReason { get; set; }
    public uint RowVersion { get; set; }

    /// <summary>Takes a decision into account.</summary>
    /// <param name="steps">All steps of the request.</param>
    /// <param name="approvals">Approvals of the current step, this one included.</param>
    /// <returns>True when the request has come to its end.</returns>
    /// <exception cref="InvalidOperationException">The request does not wait.</exception>
    public bool Take(Verdict verdict, string by, IReadOnlyList<ApprovalStep> steps, int approvals, DateTimeOffset now)
    {
        if (State != ApprovalState.Waiting) throw new InvalidOperationException($"A request that is {State} takes no decision.");
        if (verdict == Verdict.Deny)
        {
            End(ApprovalState.Denied, $"Denied by {by}.", now);
            return true;
        }
        if (approvals < steps[Step].Count) return false;
        if (Step + 1 == steps.Count)
        {
            End(ApprovalState.Approved, $"Approved by {by}.", now);
            return true;
        }
        Step++;
        (StepSince, ExpiresAt) = (now, now + steps[Step].ExpiresAfter);
        return false;
    }

    /// <summary>What is asked has changed: everybody is asked anew, from the first step.</summary>
    public void AskAgain(decimal hourlyPrice, IReadOnlyList<ApprovalStep> steps, DateTimeOffset now)
    {
        Revision++;
        (HourlyPrice, Step, StepSince, ExpiresAt) = (hourlyPrice, 0, now, now + steps[0].ExpiresAfter);
    }

    /// <summary>Ends it without a decision, or by one.</summary>
    public void End(ApprovalState state, string reason, DateTimeOffset now) => (State, EndReason, EndedAt) = (state, reason, now);
}

/// <summary>An approver's answer.</summary>
public enum Verdict { Approve, Deny }

/// <summary>One approver's answer to one revision of a request. Never changed.</summary>
public sealed class ApprovalDecision
{
    public required Guid Id { get; init; }
    public required Guid RequestId { get; init; }
    public required int Revision { get; init; }
    /// <summary>The step it was made on, from 0.</summary>
    public required int Step { get; init; }
    /// <summary>Who decided. Once per request and revision, whatever the number of hats.</summary>
    public required Guid ById { get; init; }
    /// <summary>Whose right was used: the same person, or who delegated.</summary>
    public required Guid OnBehalfOfId { get; init; }
    public required Verdict Verdict { get; init; }
    public string? Comment { get; init; }
    public required DateTimeOffset At { get; init; }
}

/// <summary>For a time, somebody decides in somebody else's place.</summary>
public sealed class Delegation
{
    public required Guid Id { get; init; }
    public required Guid FromUserId { get; init; }
    public required Guid ToUserId { get; init; }
    public required DateTimeOffset StartsAt { get; init; }
    public required DateTimeOffset EndsAt { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RevokedAt { get; set; }
}
