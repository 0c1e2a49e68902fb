using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Access;
using Portal.Application.Catalog;
using Portal.Application.Data;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Workloads;

namespace Portal.Application.Access;

/// <summary>Who may enter a workload's program, and how the proxy reaches it.</summary>
public sealed class WorkloadEntrance(IDbContextFactory<PortalDbContext> contexts, PublishedItems items, WorkloadSecrets secrets)
{
    /// <summary>How long a one-time code works.</summary>
    public static readonly TimeSpan CodeLifetime = TimeSpan.FromSeconds(30);

    public abstract record Outcome
    {
        private Outcome() { }

        /// <summary>Unknown, or not the person's to know.</summary>
        public sealed record NotFound : Outcome;

        /// <summary>May be seen but not entered.</summary>
        public sealed record Forbidden(string Reason) : Outcome;

        /// <summary>Allowed, but there is nothing to connect to now.</summary>
        public sealed record NotRunning(string Name, WorkloadPhase Phase, string? Reason) : Outcome;

        /// <param name="Root">The program serves from the root: it never sees the path prefix.</param>
        /// <param name="Auth">How the credential is presented: see <see cref="Domain.Catalog.PortSpec.Auth"/>.</param>
        public sealed record Open(string Target, Guid AllocationId, string Auth, string Credential, bool Root) : Outcome;
    }

    /// <summary>Asked on every proxied request: access is never remembered.</summary>
    public async Task<Outcome> CheckAsync(Guid workloadId, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var row = await db.Workloads.Where(w => w.Id == workloadId).Select(w => new
        {
            w.Name, w.OwnerId, w.TeamId, w.Phase, w.PhaseReason, w.Audience, w.ItemVersionId,
            Share = db.WorkloadShares.Where(s => s.WorkloadId == w.Id && s.UserId == actor.UserId).Select(s => (ShareLevel?)s.Level).FirstOrDefault(),
            Live = db.Allocations.Where(a => a.WorkloadId == w.Id && a.EndedAt == null).Select(a => new { a.Id, a.Target, a.ProtectedCredential }).FirstOrDefault(),
        }).SingleOrDefaultAsync(cancellationToken);
        if (row is null) return new Outcome.NotFound();
        var ruling = Permissions.Of(actor, PortalAction.OpenWorkload, new Subject.OfWorkload(row.OwnerId, row.TeamId, row.Audience, row.Share));
        if (!ruling.Allowed) return ruling.Hidden ? new Outcome.NotFound() : new Outcome.Forbidden(ruling.Reason);
        var version = await items.GetAsync(row.ItemVersionId, cancellationToken);
        if (version.Spec.Ports.Count == 0) return new Outcome.NotRunning(row.Name, row.Phase, "It has no page to open.");
        if (row.Phase != WorkloadPhase.Running || row.Live is null) return new Outcome.NotRunning(row.Name, row.Phase, row.PhaseReason);
        return new Outcome.Open(row.Live.Target, row.Live.Id, version.Spec.Ports[0].Auth, secrets.ReadCredential(row.Live.ProtectedCredential), version.Spec.Ports[0].Root);
    }

    /// <summary>A one-time code for a person who may enter; the caller has checked that.</summary>
    public async Task<string> IssueCodeAsync(Guid workloadId, string path, Actor actor, CancellationToken cancellationToken)
    {
        var code = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        db.EntryCodes.Add(new EntryCode
        {
            Hash = TokenText.Hash(code),
            UserId = actor.UserId,
            WorkloadId = workloadId,
            Path = path,
            ExpiresAt = await db.NowAsync(cancellationToken) + CodeLifetime,
        });
        await db.SaveChangesAsync(cancellationToken);
        return code;
    }

    /// <summary>Uses a code up; null when it is unknown, used, too old, or for another workload.</summary>
    public async Task<(Guid UserId, string Path)?> RedeemCodeAsync(Guid workloadId, string code, CancellationToken cancellationToken)
    {
        var hash = TokenText.Hash(code);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var rows = await db.EntryCodes.FromSql($"delete from entry_codes where hash = {hash} returning *").AsNoTracking().ToListAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        return rows is [var row] && row.WorkloadId == workloadId && row.ExpiresAt > now ? (row.UserId, row.Path) : null;
    }
}
