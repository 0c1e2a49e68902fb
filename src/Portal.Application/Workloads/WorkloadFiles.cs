using Microsoft.EntityFrameworkCore;
using Portal.Application.Compute;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Compute;

namespace Portal.Application.Workloads;

/// <summary>A workload's logs and artifacts, read from its target.</summary>
public sealed class WorkloadFiles(IDbContextFactory<PortalDbContext> contexts, ComputeTargets targets)
{
    private const int SliceBytes = 1 << 20;

    /// <summary>The last lines of an attempt (the newest when null); null when the caller may not know of the workload. After deletion, what was kept.</summary>
    public async Task<LogSlice?> LogTailAsync(Guid workloadId, int lines, int? attempt, Actor actor, CancellationToken cancellationToken)
    {
        if (await FindAsync(workloadId, attempt, actor, cancellationToken) is not { } found) return null;
        if (found.Allocation is { } id && targets.Find(found.Target) is { } target)
        {
            try
            {
                var tail = await target.ReadLogTailAsync(id, lines, cancellationToken);
                if (tail.Lines.Count > 0 || found.KeptTail is null) return tail;
            }
            catch (ComputeTargetException) when (found.KeptTail is not null)
            {
                // The logs are gone with the resource; the kept tail follows.
            }
            catch (ComputeTargetException)
            {
                return new LogSlice([], 0, true);
            }
        }
        return Kept(found, lines);
    }

    /// <summary>Lines after a cursor, for following; <paramref name="attempt"/> as above. Null: may not know, or nothing to follow.</summary>
    public async Task<LogSlice?> LogFromAsync(Guid workloadId, long cursor, int? attempt, Actor actor, CancellationToken cancellationToken)
    {
        if (await FindAsync(workloadId, attempt, actor, cancellationToken) is not { Allocation: { } id } found || targets.Find(found.Target) is not { } target) return null;
        try
        {
            return await target.ReadLogAsync(id, cursor, SliceBytes, cancellationToken);
        }
        catch (ComputeTargetException)
        {
            return new LogSlice([], cursor, false);
        }
    }

    /// <summary>Files a run left; null when the caller may not know of the workload.</summary>
    public async Task<IReadOnlyList<ArtifactEntry>?> ArtifactsAsync(Guid workloadId, Actor actor, CancellationToken cancellationToken) =>
        await FindAsync(workloadId, null, actor, cancellationToken) is not { } found ? null
            : targets.Find(found.Target) is { } target ? await target.ListArtifactsAsync(workloadId, cancellationToken) : [];

    /// <summary>One artifact, or null.</summary>
    public async Task<Stream?> OpenArtifactAsync(Guid workloadId, string path, Actor actor, CancellationToken cancellationToken) =>
        await FindAsync(workloadId, null, actor, cancellationToken) is { } found && targets.Find(found.Target) is { } target ? await target.OpenArtifactAsync(workloadId, path, cancellationToken) : null;

    private async Task<Found?> FindAsync(Guid workloadId, int? attempt, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        return await db.VisibleWorkloads(actor).Where(w => w.Id == workloadId).Select(w => new Found(w.Target, w.LogTail, w.EndedAt ?? w.PhaseSince,
            db.Allocations.Where(a => a.WorkloadId == w.Id && (attempt == null || a.Attempt == attempt)).OrderByDescending(a => a.Attempt).Select(a => (Guid?)a.Id).FirstOrDefault())).SingleOrDefaultAsync(cancellationToken);
    }

    private static LogSlice Kept(Found found, int lines)
    {
        var kept = found.KeptTail?.Split('\n') ?? [];
        return new LogSlice([.. kept.TakeLast(lines).Select(text => new LogLine(found.At, "out", text))], 0, kept.Length > 0);
    }

    private sealed record Found(string Target, string? KeptTail, DateTimeOffset At, Guid? Allocation);
}
