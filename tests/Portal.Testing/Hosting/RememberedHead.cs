using Portal.Application.Audit;

namespace Portal.Testing.Hosting;

/// <summary>The head of the trail as this process remembers it.</summary>
public sealed class RememberedHead : IAuditHead
{
    private (long Seq, string Hash)? _head;

    public (long Seq, string Hash)? Read() => _head;

    public void Write(long seq, string hash) => _head = (seq, hash);
}
