using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Catalog;
using Portal.Application.Data;
using Portal.Domain.Workloads;

namespace Portal.Application.Compute;

/// <summary>Collects which workloads were called through the proxy and writes it in batches: a request must not cost a write.</summary>
public sealed class RecordUse(IDbContextFactory<PortalDbContext> contexts, PublishedItems items, TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, (DateTimeOffset At, string What)> _noted = new();

    /// <summary>A request was made or answered. What is only asked by machines to see whether it lives is not use.</summary>
    /// <param name="path">Below the workload's own path, such as <c>v1/chat/completions</c>.</param>
    public void Note(Guid workloadId, string method, string path)
    {
        if (path is "metrics" or "healthz" or "ready" or "-/healthy" or "-/ready") return;
        _noted[workloadId] = (time.GetUtcNow(), $"{method} {(path.Length > 80 ? path[..80] + "…" : path)}".TrimEnd());
    }

    /// <summary>Writes what was noted, for items whose activity is requests.</summary>
    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        var taken = new List<(Guid Id, DateTimeOffset At, string What)>();
        foreach (var id in _noted.Keys)
            if (_noted.TryRemove(id, out var use)) taken.Add((id, use.At, use.What));
        if (taken.Count == 0) return;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        foreach (var (id, at, what) in taken)
        {
            var version = await db.Workloads.Where(w => w.Id == id).Select(w => (Guid?)w.ItemVersionId).SingleOrDefaultAsync(cancellationToken);
            if (version is null || (await items.GetAsync(version.Value, cancellationToken)).Spec.Activity.Probe != "requests") continue;
            await db.Workloads.Where(w => w.Id == id && w.Phase == WorkloadPhase.Running && (w.ActivityAt == null || w.ActivityAt < at))
                .ExecuteUpdateAsync(w => w.SetProperty(x => x.ActivityAt, at).SetProperty(x => x.ActivityWhat, what), cancellationToken);
        }
    }
}
