namespace Portal.Application.Audit;

/// <summary>The last entry's number and hash, kept outside the database: without it nobody would notice that the end of the trail was cut off.</summary>
public interface IAuditHead
{
    /// <summary>What was noted last; null: nothing yet.</summary>
    (long Seq, string Hash)? Read();

    /// <summary>Replaces what was noted.</summary>
    /// <param name="hash">Hexadecimal.</param>
    void Write(long seq, string hash);
}
