using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Portal.Application.Data;
using Portal.Domain.Access;
using Portal.Domain.Audit;

namespace Portal.Application.Audit;

/// <summary>What a look at the whole chain found.</summary>
/// <param name="Entries">Sealed entries.</param>
/// <param name="FirstBrokenSeq">The first number whose entry was changed, exchanged or is missing; null: none.</param>
/// <param name="Problem">What is wrong with it, in words; null: nothing.</param>
/// <param name="Head">Hash of the last entry, hexadecimal: kept elsewhere, it shows whether the end was cut off.</param>
public sealed record AuditVerification(bool Ok, long Entries, long? FirstBrokenSeq, string? Problem, string? Head);

/// <summary>Computes the chain again from its beginning. Reads everything once, as a stream.</summary>
public sealed class VerifyAudit(IDbContextFactory<PortalDbContext> contexts, NpgsqlDataSource dataSource, AuditKey key, IAuditHead noted)
{
    // Longer than sealing ever takes.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Null for people who neither administer nor audit.</summary>
    public async Task<AuditVerification?> ExecuteAsync(Actor actor, CancellationToken cancellationToken) =>
        actor.May(PortalAction.ReadAudit) ? await ComputeAsync(cancellationToken) : null;

    /// <summary>The same for whoever holds the key itself, on the portal's own machine: nobody is asked who they are.</summary>
    public async Task<AuditVerification> ComputeAsync(CancellationToken cancellationToken)
    {
        var (expected, hash, head) = (0L, AuditChain.Beginning, noted.Read());
        await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
        await using (var command = new NpgsqlCommand("""
            select s.seq, s.hash, e.id, e.at, e.actor_kind, e.actor_id, e.actor_name, e.action, e.subject_kind, e.subject_id, e.subject_name, e.detail::text, e.reason, e.source
            from audit_seals s left join audit_entries e on e.id = s.entry_id order by s.seq
            """, connection) { CommandTimeout = 600 })
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                expected++;
                var seq = reader.GetInt64(0);
                if (seq != expected) return Broken(expected, $"Number {expected} is missing.", expected - 1);
                if (reader.IsDBNull(2)) return Broken(seq, $"The entry of number {seq} is gone.", expected - 1);
                hash = AuditChain.Hash(key, hash, seq, Read(reader));
                if (!CryptographicOperations.FixedTimeEquals(hash, reader.GetFieldValue<byte[]>(1))) return Broken(seq, $"The entry of number {seq}, or its hash, was changed.", expected - 1);
                if (head?.Seq == seq && head.Value.Hash != Convert.ToHexStringLower(hash)) return Broken(seq, $"Up to number {seq} the trail is not the one whose head was noted outside the database.", expected - 1);
            }
        }
        if (head?.Seq > expected) return Broken(expected + 1, $"The end is cut off: entry {head.Value.Seq} was noted outside the database, and the trail ends with {expected}.", expected);
        await using var db = await contexts.CreateDbContextAsync(cancellationToken);
        var before = await db.NowAsync(cancellationToken) - Patience;
        var unsealed = await db.AuditEntries.CountAsync(e => e.At < before && !db.AuditSeals.Any(s => s.EntryId == e.Id), cancellationToken);
        return unsealed > 0
            ? new AuditVerification(false, expected, null, $"{unsealed} entries older than {Patience.TotalMinutes:0} minutes have no seal: nothing seals, or somebody keeps them from it.", Convert.ToHexStringLower(hash))
            : new AuditVerification(true, expected, null, null, Convert.ToHexStringLower(hash));
    }

    private static AuditVerification Broken(long seq, string problem, long good) => new(false, good, seq, problem, null);

    private static AuditEntry Read(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetGuid(2),
        At = reader.GetFieldValue<DateTimeOffset>(3),
        ActorKind = reader.GetString(4),
        ActorId = reader.IsDBNull(5) ? null : reader.GetGuid(5),
        ActorName = reader.GetString(6),
        Action = reader.GetString(7),
        SubjectKind = reader.GetString(8),
        SubjectId = reader.GetString(9),
        SubjectName = reader.GetString(10),
        Detail = Text(reader, 11),
        Reason = Text(reader, 12),
        Source = Text(reader, 13),
    };

    private static string? Text(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
}
