using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Access.Approvals;
using Portal.Application.Access.Grants;
using Portal.Application.Audit;
using Portal.Application.Costs;
using Portal.Application.Data;
using Portal.Application.Settings;
using Portal.Application.Teams;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Domain.Compute;
using Portal.Domain.Costs;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>Accepts a launch: one transaction writes the workload, its first event and the audit entry; placing it is the reconciler's.</summary>
public sealed partial class LaunchWorkload(
    IDbContextFactory<PortalDbContext> contexts, LaunchTermsReader terms, CurrentPrices prices, WorkloadSecrets secrets, LaunchPolicy policy, AccessRights rights, ResourceLimits limits, ReconcileRequests requests, FaultPoints faults,
    PortalSettings settings, LaunchOptions options)
{
    public abstract record Outcome
    {
        private Outcome() { }

        /// <param name="Existing">True when the same request had been launched before.</param>
        public sealed record Launched(Guid WorkloadId, bool Existing) : Outcome;

        /// <summary>Written down; it is queued when somebody has said yes.</summary>
        /// <param name="Who">Who is asked.</param>
        public sealed record ApprovalRequired(Guid WorkloadId, Guid RequestId, string Who) : Outcome;

        /// <summary>A policy refuses it.</summary>
        public sealed record Denied(string Rule, string Reason) : Outcome;

        public sealed record Invalid(IReadOnlyDictionary<string, string[]> Errors) : Outcome;

        public sealed record Forbidden(string Reason) : Outcome;

        public sealed record NameTaken(string Reason) : Outcome;

        /// <summary>The target cannot take it at all now (a missing program, an unhealthy target, hardware it does not have).</summary>
        public sealed record Unavailable(string Reason) : Outcome;

        /// <summary>Too many launches are waiting.</summary>
        public sealed record Busy(TimeSpan RetryAfter) : Outcome;
    }

    public async Task<Outcome> ExecuteAsync(LaunchRequest request, Actor actor, CancellationToken cancellationToken)
    {
        if (actor.Refusal(PortalAction.LaunchWorkload) is { } refusal) return new Outcome.Forbidden(refusal);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await ExistingAsync(db, request, actor, cancellationToken) is { } existing) return new Outcome.Launched(existing, true);
        var (read, errors) = await terms.ReadAsync(request, actor, checkParameters: true, cancellationToken);
        CheckOwnFields(request, errors);
        if (read is null || errors.Count > 0) return new Outcome.Invalid(errors);
        var offers = await read.Target.GetOffersAsync(OfferRequest.For(read.Version.Spec, read.Deployment, read.Hardware, actor.UserId), cancellationToken);
        if (Offer.Best(offers, read.Capacity) is not { } offer)
            return new Outcome.Unavailable(Offer.WhyNone(offers, read.Capacity) ?? $"'{read.Target.Name}' has nothing to offer for {read.Hardware.Name}.");
        var inForce = await settings.GetAsync(cancellationToken);
        if (inForce.LaunchPaused is { Length: > 0 } paused) return new Outcome.Unavailable($"Launches are paused: {paused}");
        if (await IsBusyAsync(db, inForce.LaunchMaxPending ?? options.MaxPending, cancellationToken)) return new Outcome.Busy(TimeSpan.FromSeconds(10));
        var quote = (await prices.GetAsync(cancellationToken)).For(offer, read.Hardware);
        return await SaveAsync(db, request, read, quote, actor, cancellationToken);
    }

    private async Task<Outcome> SaveAsync(PortalDbContext db, LaunchRequest request, LaunchTerms read, Quote quote, Actor actor, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var workload = Create(request, read, quote, actor, now);
        var plan = new LaunchPlan(read.Version.Spec, read.Hardware, read.Target.Name, read.Capacity, quote.HourlyPrice, workload.Lifetime, actor.UserId, read.Team.Id, read.Team.Slug);
        var ruling = await policy.RuleAsync(db, plan, actor, cancellationToken);
        if (ruling is LaunchRuling.Denied denied) return new Outcome.Denied(denied.Rule, denied.Reason);
        if (ruling is LaunchRuling.Locked locked) return new Outcome.Forbidden(locked.Reason);
        if (await limits.NeverAsync(db, read.Team.Id, actor.UserId, read.Hardware, quote.HourlyPrice, cancellationToken) is { } never) return new Outcome.Denied("Limits", never);
        var asked = ruling as LaunchRuling.NeedsApproval;
        if (asked is null) workload.Enqueue("Accepted; looking for a place.", now);
        else workload.AwaitApproval($"Waits for approval by {asked.Who} (rule “{asked.Verdict.Rule.Name}”).", now);
        db.Workloads.Add(workload);
        var approval = asked is null ? null : db.Ask(ApprovalKind.Launch, workload, read.Version.Spec.Slug, asked, (decimal?)workload.Lifetime?.TotalHours, request.Reason, actor, now);
        db.Record(workload, null, $"Launched by {actor.Name}: {read.Version.Spec.Name} {read.Version.Version} on {read.Hardware.Name} for {quote.HourlyPrice:0.####} {quote.Currency}/h.", actor, now);
        db.Audit(actor, now, "workload.launch", "workload", workload.Id.ToString(), workload.Name,
            new { item = read.Version.Spec.Slug, version = read.Version.Version, team = read.Team.Slug, hardware = read.Hardware.Slug, target = read.Target.Name }, request.Reason);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
            if (asked is null) await rights.NoteUseAsync(db, read.Version.Spec, read.Hardware.Slug, actor.UserId, read.Team.Id, now, cancellationToken);
            await db.NotifyAsync([workload.Id], cancellationToken);
            if (approval is not null) await db.TellApproversAsync(approval, actor.UserId, now, cancellationToken);
            faults.Pass(FaultPoints.LaunchBeforeCommit);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } violation)
        {
            await transaction.RollbackAsync(cancellationToken);
            db.ChangeTracker.Clear();
            // A double click breaks both rules at once, and which of them PostgreSQL names is chance: the same request comes first.
            if (await ExistingAsync(db, request, actor, cancellationToken) is { } existing) return new Outcome.Launched(existing, true);
            if (violation.ConstraintName != "ix_workloads_team_name_live") throw;
            return new Outcome.NameTaken($"Team {read.Team.Slug} already has a workload named '{workload.Name}'. Choose another name, or delete that one.");
        }
        faults.Pass(FaultPoints.LaunchAfterCommit);
        if (approval is not null) return new Outcome.ApprovalRequired(workload.Id, approval.Id, asked!.Who);
        requests.Enqueue(workload.Id);
        return new Outcome.Launched(workload.Id, false);
    }

    private Workload Create(LaunchRequest request, LaunchTerms read, Quote quote, Actor actor, DateTimeOffset now)
    {
        var secretNames = read.Version.Spec.Parameters.Where(p => p.Secret).Select(p => p.Name).ToHashSet();
        var open = read.Parameters.ByName.Where(v => !secretNames.Contains(v.Key)).ToDictionary();
        var hidden = read.Parameters.ByName.Where(v => secretNames.Contains(v.Key)).ToDictionary();
        var id = Guid.CreateVersion7(now);
        return new Workload
        {
            Id = id,
            RequestId = request.RequestId,
            Name = request.Name ?? $"{read.Version.Spec.Slug[..Math.Min(read.Version.Spec.Slug.Length, 31)]}-{id.ToString("N")[^8..]}",
            Kind = read.Version.Spec.Kind,
            ItemVersionId = read.Version.Id,
            TeamId = read.Team.Id,
            OwnerId = actor.UserId,
            Target = read.Target.Name,
            Capacity = read.Capacity,
            Hardware = read.Hardware.Slug,
            HardwareJson = PortalJson.Write(read.Hardware),
            ParametersJson = PortalJson.Write(open),
            ProtectedSecrets = hidden.Count == 0 ? null : secrets.ProtectParameters(hidden),
            TagsJson = PortalJson.Write(request.Tags ?? new Dictionary<string, string>()),
            LaunchReason = request.Reason,
            CreatedAt = now,
            PhaseSince = now,
            Lifetime = request.Lifetime ?? read.Version.Spec.Defaults.Lifetime,
            IdleTimeout = request.IdleTimeout ?? read.Version.Spec.Defaults.IdleTimeout,
            HourlyPrice = quote.HourlyPrice,
            ListHourlyPrice = quote.ListHourlyPrice,
            Currency = quote.Currency,
        };
    }

    private static Task<Guid?> ExistingAsync(PortalDbContext db, LaunchRequest request, Actor actor, CancellationToken cancellationToken) =>
        db.Workloads.Where(w => w.OwnerId == actor.UserId && w.RequestId == request.RequestId).Select(w => (Guid?)w.Id).SingleOrDefaultAsync(cancellationToken);

    private static async Task<bool> IsBusyAsync(PortalDbContext db, int most, CancellationToken cancellationToken) =>
        await db.Workloads.CountAsync(w => w.Phase == WorkloadPhase.Queued || w.Phase == WorkloadPhase.Placing || w.Phase == WorkloadPhase.Starting, cancellationToken) >= most;

    private static void CheckOwnFields(LaunchRequest request, Dictionary<string, string[]> errors)
    {
        if (request.Name is not null && !NamePattern().IsMatch(request.Name))
            errors["name"] = ["A name has 1 to 40 characters of a–z, 0–9 and -."];
        if (request.Lifetime is { } lifetime && (lifetime < TimeSpan.FromMinutes(1) || lifetime > LaunchOptions.LongestLifetime))
            errors["lifetime"] = [$"From PT1M to P{LaunchOptions.LongestLifetime.Days}D."];
        if (request.IdleTimeout is { } idle && (idle < TimeSpan.FromMinutes(1) || idle > LaunchOptions.LongestLifetime))
            errors["idleTimeout"] = [$"From PT1M to P{LaunchOptions.LongestLifetime.Days}D."];
        if (request.Reason?.Length > 500) errors["reason"] = ["At most 500 characters."];
        if (request.Reason?.Contains('\0') == true) errors["reason"] = ["Must not contain NUL."];
        if (request.Tags is { } tags && (tags.Count > 20 || tags.Any(t => !TagPattern().IsMatch(t.Key) || t.Value is null || t.Value.Length > 100 || t.Value.Contains('\0'))))
            errors["tags"] = ["At most 20; keys have 1 to 40 characters of a–z, 0–9, - and _; values up to 100 characters."];
    }

    [GeneratedRegex("^[a-z0-9-]{1,40}$(?!\n)", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    [GeneratedRegex("^[a-z0-9_-]{1,40}$(?!\n)", RegexOptions.CultureInvariant)]
    private static partial Regex TagPattern();
}

/// <summary>Section <c>Launch</c>.</summary>
public sealed class LaunchOptions
{
    /// <summary>Launches waiting at once before more are answered 429.</summary>
    public int MaxPending { get; set; } = 500;

    /// <summary>The longest lifetime or idle time a person can ask for.</summary>
    public static TimeSpan LongestLifetime { get; } = TimeSpan.FromDays(30);
}
