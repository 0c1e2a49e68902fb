using System.Text;
using Portal.Domain.Catalog;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Portal.Application.Catalog.Files;

/// <summary>
/// Reads one YAML document into <see cref="Node"/>s, event by event, so that every place is known and nothing dangerous is ever built:
/// no anchors or aliases (expansion bombs), no tags (types), one document, bounded in bytes, depth and nodes; duplicate keys are refused.
/// </summary>
internal sealed class YamlTree
{
    /// <summary>Room for a text default of a million characters in four-byte characters.</summary>
    public const int MaxBytes = 5 * 1024 * 1024;

    private const int MaxDepth = 32;
    private const int MaxNodes = 50_000;
    private readonly Parser parser;
    private readonly ProblemLog log;
    private int nodes;

    private YamlTree(string text, ProblemLog log)
    {
        parser = new Parser(new StringReader(text));
        this.log = log;
    }

    /// <summary>Decodes a file strictly; null with a problem when it is too big or not UTF-8.</summary>
    public static string? Decode(byte[] bytes, ProblemLog log)
    {
        if (bytes.Length > MaxBytes)
        {
            log.Add(new CatalogProblem(log.File, 0, 0, "", $"The file has {bytes.Length} bytes; at most {MaxBytes} are read."));
            return null;
        }
        try
        {
            var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (DecoderFallbackException error)
        {
            log.Add(new CatalogProblem(log.File, 0, 0, "", $"The file is not valid UTF-8 (at byte {error.Index})."));
            return null;
        }
    }

    /// <summary>The document's root, or null when it cannot be read; the log then says why.</summary>
    public static Node? Parse(string text, ProblemLog log)
    {
        try
        {
            return log.Root = new YamlTree(text, log).ReadDocument();
        }
        catch (Refused refused)
        {
            log.Add(new CatalogProblem(log.File, (int)refused.At.Line, (int)refused.At.Column, refused.Path.Text, refused.Message));
        }
        catch (YamlException error)
        {
            log.Add(new CatalogProblem(log.File, (int)error.Start.Line, (int)error.Start.Column, "", $"This is not valid YAML: {Sentence(error)}"));
        }
        return null;
    }

    private static string Sentence(YamlException error)
    {
        var message = (error.InnerException ?? error).Message.Trim();
        return message.EndsWith('.') ? message : message + ".";
    }

    private Node ReadDocument()
    {
        parser.Consume<StreamStart>();
        if (parser.Accept<StreamEnd>(out var end))
            throw new Refused(end.Start, NodePath.Root, "The file is empty.");
        parser.Consume<DocumentStart>();
        var root = Read(NodePath.Root, 0);
        parser.Consume<DocumentEnd>();
        if (!parser.Accept<StreamEnd>(out _))
            throw new Refused(parser.Current!.Start, NodePath.Root, "One file holds one document; a second one begins here.");
        return root;
    }

    private Node Read(NodePath path, int depth)
    {
        var next = parser.Current ?? throw new Refused(Mark.Empty, path, "The file ends too early.");
        if (next is AnchorAlias || next is NodeEvent { Anchor.IsEmpty: false })
            throw new Refused(next.Start, path, "Anchors (&name) and aliases (*name) are not allowed: write the value out. A text that begins with & or * needs quotes.");
        if (next is NodeEvent { Tag.IsEmpty: false })
            throw new Refused(next.Start, path, "Tags (!name) are not allowed. A text that begins with ! needs quotes.");
        if (++nodes > MaxNodes || depth > MaxDepth)
            throw new Refused(next.Start, path, depth > MaxDepth ? $"Nested too deeply; at most {MaxDepth} levels are read." : $"Too many values; at most {MaxNodes} are read.");
        return next switch
        {
            Scalar => ReadScalar(path),
            SequenceStart => ReadList(path, depth),
            _ => ReadMap(path, depth),
        };
    }

    private ScalarNode ReadScalar(NodePath path)
    {
        var scalar = parser.Consume<Scalar>();
        var node = new ScalarNode(scalar.Value, scalar.Style == ScalarStyle.Plain, (int)scalar.Start.Line, (int)scalar.Start.Column);
        if (TextFault.Of(scalar.Value) is { } fault)
            log.Add(path, node, $"The text {fault}.");
        return node;
    }

    private ListNode ReadList(NodePath path, int depth)
    {
        var start = parser.Consume<SequenceStart>().Start;
        var items = new List<Node>();
        while (!parser.TryConsume<SequenceEnd>(out _))
            items.Add(Read(path[items.Count], depth + 1));
        return new ListNode(items, (int)start.Line, (int)start.Column);
    }

    private MapNode ReadMap(NodePath path, int depth)
    {
        var start = parser.Consume<MappingStart>().Start;
        var entries = new List<MapEntry>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (Read(path, depth + 1) is not ScalarNode key)
                throw new Refused(start, path, "A key must be plain text, not a list or a map. A value that begins with { or [ needs quotes.");
            var value = Read(path / key.Text, depth + 1);
            if (seen.TryAdd(key.Text, key.Line))
                entries.Add(new MapEntry(key, value));
            else
                log.Add(path / key.Text, key, $"The key {Quoted.Text(key.Text)} is given twice; the first is on line {seen[key.Text]}.");
        }
        return new MapNode(entries, (int)start.Line, (int)start.Column);
    }

    private sealed class Refused(Mark at, NodePath path, string message) : Exception(message)
    {
        public Mark At { get; } = at;

        public NodePath Path { get; } = path;
    }
}
