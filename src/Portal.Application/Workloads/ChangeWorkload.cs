using Microsoft.EntityFrameworkCore;
using Portal.Application.Audit;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>What became of a person's wish about one workload.</summary>
public abstract record WorkloadOutcome
{
    private WorkloadOutcome() { }

    /// <summary>Written down (or already so); the reconciler does the rest.</summary>
    public sealed record Accepted(Guid WorkloadId) : WorkloadOutcome;

    /// <summary>Also when its existence is not the caller's to know.</summary>
    public sealed record NotFound : WorkloadOutcome;

    public sealed record Forbidden(string Reason) : WorkloadOutcome;

    public sealed record Conflict(string Reason) : WorkloadOutcome;

    /// <summary>Written down, and somebody has to say yes first.</summary>
    /// <param name="Who">Who is asked.</param>
    public sealed record ApprovalRequired(Guid WorkloadId, Guid RequestId, string Who) : WorkloadOutcome;

    /// <summary>A policy refuses it.</summary>
    public sealed record Denied(string Rule, string Reason) : WorkloadOutcome;

    public sealed record Invalid(IReadOnlyDictionary<string, string[]> Errors) : WorkloadOutcome;
}

/// <summary>The frame of every change to one workload: lock the row, check who asks, change, write event and audit, commit, wake the reconciler.</summary>
public sealed class ChangeWorkload(IDbContextFactory<PortalDbContext> contexts, ReconcileRequests requests, FaultPoints faults)
{
    internal delegate Task<WorkloadOutcome?> Change(PortalDbContext db, Workload workload, DateTimeOffset now);

    /// <param name="change">Answers null (or that approval is required) when it changed the row, another outcome when there was nothing to do or it refuses.</param>
    /// <param name="faultPoint">Passed after the commit.</param>
    /// <param name="right">What the actor must be allowed to do with it.</param>
    internal async Task<WorkloadOutcome> ExecuteAsync(Guid id, Actor actor, string action, Change change, string? faultPoint, CancellationToken cancellationToken, PortalAction right = PortalAction.ChangeWorkload)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var workload = await db.Workloads.FromSql($"select w.*, w.xmin from workloads w where id = {id} for no key update").SingleOrDefaultAsync(cancellationToken);
        if (workload is null) return new WorkloadOutcome.NotFound();
        var ruling = Permissions.Of(actor, right, Subject.OfWorkload.Of(workload, await db.ShareOfAsync(id, actor, cancellationToken)));
        if (!ruling.Allowed) return ruling.Hidden ? new WorkloadOutcome.NotFound() : new WorkloadOutcome.Forbidden(ruling.Reason);
        var now = await db.NowAsync(cancellationToken);
        var before = await WorkloadTrace.OfAsync(db, workload, cancellationToken);
        var answer = await change(db, workload, now);
        if (answer is not (null or WorkloadOutcome.ApprovalRequired)) return answer;
        workload.Wake(now);
        await db.SaveChangesAsync(cancellationToken);
        db.Audit(actor, now, action, "workload", workload.Id.ToString(), workload.Name, before.ChangesTo(await WorkloadTrace.OfAsync(db, workload, cancellationToken)));
        await db.SaveChangesAsync(cancellationToken);
        await db.NotifyAsync([id], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        if (faultPoint is not null) faults.Pass(faultPoint);
        requests.Enqueue(id);
        return answer ?? new WorkloadOutcome.Accepted(id);
    }
}
