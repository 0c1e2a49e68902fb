namespace Portal.Application.Catalog.Files;

/// <summary>A piece of a YAML document with its place, lines and columns from 1.</summary>
internal abstract record Node(int Line, int Column);

/// <param name="Text">As written, quotes and escapes resolved.</param>
/// <param name="Plain">Without quotes: may stand for a number, a flag or nothing.</param>
internal sealed record ScalarNode(string Text, bool Plain, int Line, int Column) : Node(Line, Column)
{
    public bool IsNull => Plain && Text is ("" or "~" or "null" or "Null" or "NULL");
}

internal sealed record ListNode(IReadOnlyList<Node> Items, int Line, int Column) : Node(Line, Column);

internal sealed record MapNode(IReadOnlyList<MapEntry> Entries, int Line, int Column) : Node(Line, Column)
{
    public Node? this[string key] => Entries.FirstOrDefault(e => e.Key.Text == key)?.Value;
}

internal sealed record MapEntry(ScalarNode Key, Node Value);

/// <summary>Where in a document: keys and list positions from the root.</summary>
internal sealed record NodePath(NodePath? Parent, string Text, string? Key, int Index)
{
    public static readonly NodePath Root = new(null, "", null, 0);

    public static NodePath operator /(NodePath parent, string key) => new(parent, Simple(key) ? parent.Text.Length == 0 ? key : $"{parent.Text}.{key}" : $"{parent.Text}[\"{key}\"]", key, 0);

    public NodePath this[int index] => new(this, $"{Text}[{index}]", null, index);

    /// <summary>The node at this path, or the nearest one above that exists; for an entry of a map its key, which is what a reader looks for.</summary>
    public Node Locate(Node root) => Find(root).Node;

    private (Node Node, Node? Value) Find(Node root)
    {
        if (Parent is null)
            return (root, root);
        var (above, container) = Parent.Find(root);
        return (Key, container) switch
        {
            ({ } key, MapNode map) when map.Entries.FirstOrDefault(e => e.Key.Text == key) is { } entry => (entry.Value is ScalarNode ? entry.Value : entry.Key, entry.Value),
            (null, ListNode list) when Index < list.Items.Count => (list.Items[Index], list.Items[Index]),
            _ => (above, null),
        };
    }

    private static bool Simple(string key) => key.Length > 0 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
}
