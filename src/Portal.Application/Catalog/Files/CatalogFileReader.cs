using System.Security.Cryptography;
using System.Text;
using Portal.Domain.Catalog;

namespace Portal.Application.Catalog.Files;

/// <summary>Reads the text of one catalog file. Every problem goes to the log with its place.</summary>
internal static class CatalogFileReader
{
    /// <summary>Categories in the order people see them.</summary>
    public static IReadOnlyList<CategorySpec> ReadCategories(string text, ProblemLog log)
    {
        var list = ReadList(text, CatalogShapes.Categories, log);
        return log.Problems.Count > 0 ? [] :
        [
            .. list.Select(n => new CategorySpec(n.Get("slug").Text(""), n.Get("name").Text(""), n.Get("purpose").Text(""), n.Get("icon").Text(""), n.Get("order").Whole() ?? 0))
                .OrderBy(c => c.Order).ThenBy(c => c.Slug, StringComparer.Ordinal),
        ];
    }

    /// <summary>Hardware profiles in the file's order.</summary>
    public static IReadOnlyList<HardwareProfileSpec> ReadHardware(string text, ProblemLog log)
    {
        var list = ReadList(text, CatalogShapes.Hardware, log);
        return log.Problems.Count > 0 ? [] : [.. list.Select(MapHardware)];
    }

    /// <summary>One item, without its shipped files; null when it is no map at all. With problems in the log it is not to be used.</summary>
    public static ItemSpec? ReadItem(string text, ItemContext context, ProblemLog log)
    {
        if (YamlTree.Parse(text, log) is not { } root)
            return null;
        ShapeCheck.Check(root, CatalogShapes.Item, NodePath.Root, log);
        if (root is not MapNode)
            return null;
        var item = ItemMapper.Map(root);
        ItemRules.Check(item, context, log);
        return item;
    }

    /// <summary>See <see cref="LoadedItem.SourceHash"/>. Lengths are hashed too, so that bytes cannot move from one file to the next unnoticed.</summary>
    public static string Hash(string text, IReadOnlyDictionary<string, byte[]> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        void Append(byte[] bytes)
        {
            hash.AppendData(BitConverter.GetBytes((long)bytes.Length));
            hash.AppendData(bytes);
        }
        Append(Encoding.UTF8.GetBytes(text));
        foreach (var (name, content) in files.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            Append(Encoding.UTF8.GetBytes(name));
            Append(content);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static IReadOnlyList<Node> ReadList(string text, Shape shape, ProblemLog log)
    {
        if (YamlTree.Parse(text, log) is not { } root)
            return [];
        ShapeCheck.Check(root, shape, NodePath.Root, log);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < root.Items().Count; i++)
            if (root.Items()[i].Get("slug").Text() is { } slug && !seen.Add(slug))
                log.Add(NodePath.Root[i] / "slug", $"The slug {Quoted.Text(slug)} is given twice.");
        return root.Items();
    }

    private static HardwareProfileSpec MapHardware(Node node) => new()
    {
        Slug = node.Get("slug").Text(""),
        Name = node.Get("name").Text(""),
        Vcpu = node.Get("vcpu").Number() ?? 0,
        MemoryGib = node.Get("memoryGiB").Number() ?? 0,
        DiskGib = node.Get("diskGiB").Whole() ?? 10,
        Restricted = node.Get("restricted").Flag(false),
        Gpu = node.Get("gpu") is MapNode gpu ? new GpuSpec(gpu["kind"].Text(""), gpu["count"].Whole() ?? 1, gpu["memoryGiB"].Number() ?? 0) : null,
    };
}
