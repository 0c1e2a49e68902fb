using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using Portal.Application.Data;
using Portal.Domain.Audit;

namespace Portal.Application.Audit;

/// <summary>
/// Gives committed entries their number and hash, in order. One sealer at a time, by a lock in the database: the chain never forks, and writers never wait for it.
/// </summary>
public sealed class SealAudit(IDbContextFactory<PortalDbContext> contexts, AuditKey key, IAuditHead head)
{
    private const int Batch = 2000;

    /// <summary>Seals what waits; answers how many.</summary>
    public async Task<int> ExecuteAsync(CancellationToken cancellationToken)
    {
        var sealedNow = 0;
        while (await SealBatchAsync(cancellationToken) is var count and > 0)
        {
            sealedNow += count;
            if (count < Batch) break;
        }
        return sealedNow;
    }

    /// <summary>Notes the head outside the database. It never goes back: a shorter trail is for <see cref="VerifyAudit"/> to complain of.</summary>
    public async Task NoteHeadAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (await db.AuditSeals.AsNoTracking().OrderByDescending(s => s.Seq).FirstOrDefaultAsync(cancellationToken) is not { } last) return;
        if (head.Read() is { } noted)
        {
            if (noted.Seq >= last.Seq) return;
            // A trail that was cut off and has grown again is another one: the evidence stays.
            var there = await db.AuditSeals.Where(s => s.Seq == noted.Seq).Select(s => s.Hash).SingleOrDefaultAsync(cancellationToken);
            if (there is null || Convert.ToHexStringLower(there) != noted.Hash) throw new InvalidOperationException($"The audit trail does not go on from entry {noted.Seq}, which was noted outside the database. Verify it.");
        }
        head.Write(last.Seq, Convert.ToHexStringLower(last.Hash));
    }

    private async Task<int> SealBatchAsync(CancellationToken cancellationToken)
    {
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        if (!await db.AuditUnsealed.AnyAsync(cancellationToken)) return 0;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('audit-seal', 0))", cancellationToken);
        // As the database gives them back: jsonb is written in its own form.
        var entries = await (from u in db.AuditUnsealed join e in db.AuditEntries on u.EntryId equals e.Id orderby e.At, e.Id select e).AsNoTracking().Take(Batch).ToListAsync(cancellationToken);
        if (entries.Count == 0) return 0;
        var last = await db.AuditSeals.AsNoTracking().OrderByDescending(s => s.Seq).FirstOrDefaultAsync(cancellationToken);
        var (seq, hash) = (last?.Seq ?? 0, last?.Hash ?? AuditChain.Beginning);
        var connection = (NpgsqlConnection)db.Database.GetDbConnection();
        await using (var writer = await connection.BeginBinaryImportAsync("copy audit_seals (seq, entry_id, hash) from stdin (format binary)", cancellationToken))
        {
            foreach (var entry in entries)
            {
                hash = AuditChain.Hash(key, hash, ++seq, entry);
                await writer.StartRowAsync(cancellationToken);
                await writer.WriteAsync(seq, NpgsqlDbType.Bigint, cancellationToken);
                await writer.WriteAsync(entry.Id, NpgsqlDbType.Uuid, cancellationToken);
                await writer.WriteAsync(hash, NpgsqlDbType.Bytea, cancellationToken);
            }
            await writer.CompleteAsync(cancellationToken);
        }
        var ids = entries.Select(e => e.Id).ToArray();
        await db.Database.ExecuteSqlAsync($"delete from audit_unsealed where entry_id = any({ids})", cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return entries.Count;
    }
}
