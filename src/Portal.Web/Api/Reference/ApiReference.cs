namespace Portal.Web.Api.Reference;

/// <summary>The OpenAPI document, arranged for reading.</summary>
/// <param name="Words">Paragraphs about all of it.</param>
/// <param name="Shapes">Every named type, in order of name.</param>
public sealed record ApiReference(string Title, IReadOnlyList<string> Words, IReadOnlyList<ApiGroup> Groups, IReadOnlyList<ApiShape> Shapes);

/// <summary>Operations about one thing.</summary>
public sealed record ApiGroup(string Name, string Anchor, string Words, IReadOnlyList<ApiOperation> Operations);

/// <summary>One method of one path.</summary>
/// <param name="Id">Its operationId, by which the page's address names it.</param>
/// <param name="Access">Who may call, in words.</param>
/// <param name="Command">The same as a curl command; <c>$PORTAL_URL</c> and <c>$PORTAL_TOKEN</c> are the reader's.</param>
public sealed record ApiOperation(
    string Id, string Method, string Path, string Summary, string? Description, string Access, IReadOnlyList<ApiField> Parameters, ApiContent? Request, IReadOnlyList<ApiAnswer> Answers, string Command);

/// <summary>An answer by its status.</summary>
public sealed record ApiAnswer(string Status, string Words, IReadOnlyList<ApiField> Headers, ApiContent? Content)
{
    public bool IsError => Status[0] is '4' or '5';
}

/// <summary>A body.</summary>
/// <param name="Example">As text, indented; null when none is given.</param>
public sealed record ApiContent(string MediaType, ApiType Type, string? Example);

/// <summary>A type in words, and the shape it names, if any.</summary>
public sealed record ApiType(string Words, string? Shape);

/// <summary>A named type: its fields, or its words when it is one of several.</summary>
public sealed record ApiShape(string Name, string? Words, IReadOnlyList<ApiField> Fields, IReadOnlyList<string> Values);

/// <summary>A field, parameter or header.</summary>
/// <param name="Place">path, query, header or body.</param>
public sealed record ApiField(string Name, string Place, ApiType Type, bool Required, string? Words);
