using System.Globalization;
using Microsoft.Extensions.Options;
using Portal.Application.Audit;

namespace Portal.Web.Hosting;

/// <summary>The head of the audit trail in the key folder, beside the master key: <c>audit-head</c>, a number and a hash.</summary>
internal sealed class AuditHeadFile(IOptions<PortalOptions> options) : IAuditHead
{
    private string Path => System.IO.Path.Combine(System.IO.Path.GetFullPath(options.Value.KeyFolder), "audit-head");

    public (long Seq, string Hash)? Read() =>
        File.Exists(Path) && File.ReadAllText(Path).Split(' ', StringSplitOptions.TrimEntries) is [var seq, var hash] && long.TryParse(seq, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? (number, hash) : null;

    public void Write(long seq, string hash)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
        var draft = $"{Path}.{Guid.NewGuid():N}";
        File.WriteAllText(draft, string.Create(CultureInfo.InvariantCulture, $"{seq} {hash}\n"));
        File.Move(draft, Path, overwrite: true);
    }
}
