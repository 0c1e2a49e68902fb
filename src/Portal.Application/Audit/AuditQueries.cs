using Microsoft.EntityFrameworkCore;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Audit;

namespace Portal.Application.Audit;

/// <summary>Which entries; nulls match everything.</summary>
/// <param name="Actor">Part of a name, or an e-mail.</param>
/// <param name="Action">An action, such as <c>workload.launch</c>, or its beginning, such as <c>workload.</c></param>
/// <param name="Subject">Kind and id of one subject: its story.</param>
/// <param name="Text">Part of the subject's name or the reason.</param>
public sealed record AuditFilter(DateTimeOffset? From = null, DateTimeOffset? To = null, string? Actor = null, string? Action = null, (string Kind, string Id)? Subject = null, string? Text = null);

/// <summary>An entry with its seal.</summary>
/// <param name="Seq">Null until it is sealed.</param>
public sealed record AuditRow(long? Seq, AuditEntry Entry, byte[]? Hash);

/// <summary>Where a page of the trail ended; the next begins after it.</summary>
public sealed record AuditCursor(DateTimeOffset At, Guid Id)
{
    public override string ToString() => $"{At.UtcTicks}_{Id:N}";

    /// <summary>Null for anything but what <see cref="ToString"/> makes.</summary>
    public static AuditCursor? Parse(string? text) =>
        text?.Split('_') is [var ticks, var id] && long.TryParse(ticks, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var at) && at <= DateTimeOffset.MaxValue.UtcTicks && Guid.TryParseExact(id, "N", out var guid)
            ? new AuditCursor(new DateTimeOffset(at, TimeSpan.Zero), guid) : null;
}

/// <summary>Reads the trail, for administrators and auditors. Pages are by place, not by number: the millionth is as quick as the first.</summary>
public sealed class AuditQueries(IDbContextFactory<PortalDbContext> contexts)
{
    /// <summary>Newest first; null for people who neither administer nor audit.</summary>
    public async Task<(IReadOnlyList<AuditRow> Rows, AuditCursor? Next)?> ListAsync(AuditFilter filter, AuditCursor? after, int size, Actor actor, CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.ReadAudit)) return null;
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var entries = Matching(db, filter);
        // One comparison of a pair, which an index on the pair answers from its place on.
        if (after is { } place) entries = entries.Where(e => EF.Functions.LessThan(ValueTuple.Create(e.At, e.Id), ValueTuple.Create(place.At, place.Id)));
        var take = Math.Clamp(size, 1, 1000);
        var found = await entries.OrderByDescending(e => e.At).ThenByDescending(e => e.Id).Take(take + 1).ToListAsync(cancellationToken);
        var page = found.Take(take).ToList();
        var ids = page.Select(e => e.Id).ToList();
        var seals = await db.AuditSeals.AsNoTracking().Where(s => ids.Contains(s.EntryId)).ToDictionaryAsync(s => s.EntryId, cancellationToken);
        return ([.. page.Select(e => seals.GetValueOrDefault(e.Id) is { } seal ? new AuditRow(seal.Seq, e, seal.Hash) : new AuditRow(null, e, null))], found.Count > take ? new AuditCursor(page[^1].At, page[^1].Id) : null);
    }

    /// <summary>Everything that matches, oldest first, page by page; empty for people who may not.</summary>
    public async IAsyncEnumerable<AuditRow> ExportAsync(AuditFilter filter, Actor actor, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!actor.May(PortalAction.ReadAudit)) yield break;
        AuditCursor? last = null;
        while (true)
        {
            await using var db = await contexts.CreateDbContextAsync(cancellationToken);
            var entries = Matching(db, filter);
            if (last is { } place) entries = entries.Where(e => EF.Functions.GreaterThan(ValueTuple.Create(e.At, e.Id), ValueTuple.Create(place.At, place.Id)));
            var rows = await (from e in entries.OrderBy(e => e.At).ThenBy(e => e.Id).Take(2000) join s in db.AuditSeals on e.Id equals s.EntryId into seals from s in seals.DefaultIfEmpty() orderby e.At, e.Id select new { e, Seq = (long?)s.Seq, s.Hash }).ToListAsync(cancellationToken);
            foreach (var row in rows) yield return new AuditRow(row.Seq, row.e, row.Hash);
            if (rows.Count < 2000) yield break;
            last = new AuditCursor(rows[^1].e.At, rows[^1].e.Id);
        }
    }

    private static IQueryable<AuditEntry> Matching(PortalDbContext db, AuditFilter filter)
    {
        var entries = db.AuditEntries.AsNoTracking();
        if (filter.From is { } from) entries = entries.Where(e => e.At >= from);
        if (filter.To is { } to) entries = entries.Where(e => e.At < to);
        if (filter.Action is { Length: > 0 } action) entries = action.EndsWith('.') ? entries.Where(e => e.Action.StartsWith(action)) : entries.Where(e => e.Action == action);
        if (filter.Subject is { } subject) entries = entries.Where(e => e.SubjectKind == subject.Kind && e.SubjectId == subject.Id);
        if (filter.Actor is { Length: > 0 } actor)
        {
            var part = Pattern(actor);
            entries = entries.Where(e => EF.Functions.ILike(e.ActorName, part));
        }
        if (filter.Text is { Length: > 0 } text)
        {
            var part = Pattern(text);
            entries = entries.Where(e => EF.Functions.ILike(e.SubjectName, part) || EF.Functions.ILike(e.Reason!, part));
        }
        return entries;
    }

    private static string Pattern(string text) => $"%{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("%", @"\%", StringComparison.Ordinal).Replace("_", @"\_", StringComparison.Ordinal)}%";
}
