using System.Net.Http.Headers;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

/// <summary>
/// The credential with which a program is asked whether it is ready, kept until it is: a portal that was restarted in between must be able to ask as well.
/// Only programs that want <c>basic</c> answer nothing without it. The file lies in the allocation's folder, which no workload can enter.
/// </summary>
internal static class ReadyCredential
{
    private const string Name = "ready-credential";

    internal static void Keep(string folder, AllocationSpec spec)
    {
        if (spec.ItemSpec.Ports.Count > 0 && spec.ItemSpec.Ports[0].Auth == "basic")
            JsonFile.Write(Path.Combine(folder, Name), PortCredential.Header("basic", spec.Credential)!.ToString());
    }

    /// <summary>Null when it needs none.</summary>
    internal static AuthenticationHeaderValue? Of(string folder) => JsonFile.Read<string>(Path.Combine(folder, Name)) is { } header ? AuthenticationHeaderValue.Parse(header) : null;

    internal static void Drop(string folder) => File.Delete(Path.Combine(folder, Name));
}
