using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Portal.Application.Compute;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Application.Workloads;

/// <summary>A run whose artifacts can be used.</summary>
public sealed record FinishedRun(Guid Id, string Name, string Item, string OwnerName, DateTimeOffset EndedAt);

/// <summary>Runs that succeeded, for items that work on what a run left (parameters of type <c>run</c>).</summary>
public sealed class FinishedRuns(IDbContextFactory<PortalDbContext> contexts, ComputeTargets targets)
{
    /// <summary>Runs offered in a form; older ones can still be named by their id.</summary>
    public const int MostOffered = 100;

    /// <summary>Those the actor may see and the parameter takes, newest first.</summary>
    public async Task<IReadOnlyList<FinishedRun>> ForAsync(ParameterSpec parameter, Actor actor, CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var newest = Usable(db, parameter, actor).OrderByDescending(w => w.EndedAt).Take(MostOffered);
        return await (from w in newest
                      join v in db.ItemVersions on w.ItemVersionId equals v.Id
                      join i in db.CatalogItems on v.ItemId equals i.Id
                      join u in db.Users on w.OwnerId equals u.Id
                      orderby w.EndedAt descending
                      select new FinishedRun(w.Id, w.Name, i.Slug, u.DisplayName, w.EndedAt ?? w.PhaseSince)).ToListAsync(cancellationToken);
    }

    /// <summary>What is wrong with the run that the values name, by error key; null when nothing is, or when they name none.</summary>
    internal async Task<(string Key, string Message)?> RefuseAsync(ItemSpec item, ParameterValues values, Actor actor, CancellationToken cancellationToken)
    {
        if (item.FindRunParameter() is not { } parameter || IdIn(parameter, values) is not { } id) return null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await Usable(db, parameter, actor).AnyAsync(r => r.Id == id, cancellationToken)) return null;
        var from = parameter.Constraints.Items is { } items ? $" of {string.Join(" or ", items)}" : "";
        return ($"parameters.{parameter.Name}", $"There is no run {id}{from} that you may see and that has finished well and was not deleted.");
    }

    /// <summary>The artifacts of the run that the values name, wherever it ran; null when they name none.</summary>
    internal async Task<IArtifactSource?> ArtifactsAsync(ItemSpec item, ParameterValues values, CancellationToken cancellationToken)
    {
        if (item.FindRunParameter() is not { } parameter || IdIn(parameter, values) is not { } id) return null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        // Who launched it was allowed to; whether the run is still there is looked at when the copy is made.
        var target = await db.Workloads.Where(w => w.Id == id).Select(w => w.Target).SingleOrDefaultAsync(cancellationToken);
        return target is null ? null : new Artifacts(targets[target], id);
    }

    private static Guid? IdIn(ParameterSpec parameter, ParameterValues values) =>
        values.ByName.TryGetValue(parameter.Name, out var value) && value.ValueKind == JsonValueKind.String && Guid.TryParse(value.GetString(), out var id) ? id : null;

    private static IQueryable<Workload> Usable(PortalDbContext db, ParameterSpec parameter, Actor actor)
    {
        var finished = db.VisibleWorkloads(actor).Where(w => w.Kind == WorkloadKind.TrainingRun && w.Phase == WorkloadPhase.Succeeded);
        return parameter.Constraints.Items is { } items
            ? finished.Where(w => db.ItemVersions.Any(v => v.Id == w.ItemVersionId && db.CatalogItems.Any(i => i.Id == v.ItemId && items.Contains(i.Slug))))
            : finished;
    }

    private sealed class Artifacts(IComputeTarget target, Guid runId) : IArtifactSource
    {
        public async Task<IReadOnlyList<ArtifactEntry>> ListAsync(CancellationToken cancellationToken) =>
            await target.ListArtifactsAsync(runId, cancellationToken) is { Count: > 0 } entries ? entries
                : throw new ComputeTargetException(FailureClass.Invalid, "The run it was to use left no artifacts, or was deleted.");

        public async Task<Stream> OpenAsync(string path, CancellationToken cancellationToken) =>
            await target.OpenArtifactAsync(runId, path, cancellationToken)
                ?? throw new ComputeTargetException(FailureClass.Invalid, $"The artifact '{path}' of the run it was to use is gone.");
    }
}
