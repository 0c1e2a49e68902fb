using System.Globalization;
using k8s.Models;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Objects;

/// <summary>Some of an allocation's files as one Secret: what is written from a parameter may hold one. Keys are numbers, since names of files may hold what keys may not.</summary>
/// <param name="Files">Path below the folder of files, and content.</param>
internal sealed record FileSecret(string Name, IReadOnlyList<(string Path, byte[] Content)> Files)
{
    /// <summary>The most that a Secret may hold, in bytes.</summary>
    public const int Most = 1 << 20;

    public IDictionary<string, byte[]> Data => Files.Select((f, i) => (Key: Key(i), f.Content)).ToDictionary(f => f.Key, f => f.Content);

    public V1VolumeProjection Projection() => new() { Secret = new V1SecretProjection { Name = Name, Items = [.. Files.Select((f, i) => new V1KeyToPath { Key = Key(i), Path = f.Path })] } };

    /// <summary>The files of an allocation in as few Secrets as hold them. Throws when one of them is too large for any.</summary>
    public static IReadOnlyList<FileSecret> Of(AllocationSpec spec, RenderedDeployment rendered)
    {
        var secrets = new List<List<(string Path, byte[] Content)>>();
        var room = 0;
        foreach (var (path, source) in spec.ItemSpec.Files.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            var content = source.Parameter is null ? spec.ShippedFiles[path] : rendered.ParameterFiles[path];
            if (content.Length > Most) throw new ComputeTargetException(FailureClass.Invalid, $"{source.Parameter ?? path} has {content.Length.ToString("N0", CultureInfo.InvariantCulture)} bytes; on a cluster a file may have at most {Most:N0}.");
            if (secrets.Count == 0 || content.Length > room)
            {
                secrets.Add([]);
                room = Most;
            }
            secrets[^1].Add((path, content));
            room -= content.Length;
        }
        return [.. secrets.Select((files, i) => new FileSecret(NameOf(spec.AllocationId, i), files))];
    }

    /// <summary>Numbers go from 0 without a gap.</summary>
    public static string NameOf(Guid allocationId, int number) => $"{ClusterNames.OfAllocation(allocationId)}-files-{number.ToString(CultureInfo.InvariantCulture)}";

    private static string Key(int index) => $"f{index.ToString(CultureInfo.InvariantCulture)}";
}
