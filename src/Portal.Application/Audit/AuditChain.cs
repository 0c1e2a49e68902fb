using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Portal.Domain.Audit;

namespace Portal.Application.Audit;

/// <summary>The key of the chain: never in the database, so that whoever can write there cannot write history.</summary>
public sealed record AuditKey(byte[] Bytes);

/// <summary>The hash of an entry: HMAC-SHA-256 over the hash before it, its number and every field, each with its length before it, so that no two entries have the same bytes.</summary>
public static class AuditChain
{
    /// <summary>What stands before the first entry.</summary>
    public static byte[] Beginning { get; } = new byte[32];

    /// <param name="before">Hash of the entry with the number below.</param>
    public static byte[] Hash(AuditKey key, byte[] before, long seq, AuditEntry entry)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Bytes);
        hmac.AppendData(before);
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, seq);
        hmac.AppendData(number);
        // The database keeps microseconds.
        BinaryPrimitives.WriteInt64BigEndian(number, entry.At.UtcTicks / 10);
        hmac.AppendData(number);
        foreach (var field in new[] { entry.Id.ToString(), entry.ActorKind, entry.ActorId?.ToString(), entry.ActorName, entry.Action, entry.SubjectKind, entry.SubjectId, entry.SubjectName, entry.Detail, entry.Reason, entry.Source })
        {
            var bytes = field is null ? [] : Encoding.UTF8.GetBytes(field);
            BinaryPrimitives.WriteInt64BigEndian(number, field is null ? -1 : bytes.Length);
            hmac.AppendData(number);
            hmac.AppendData(bytes);
        }
        return hmac.GetHashAndReset();
    }
}
