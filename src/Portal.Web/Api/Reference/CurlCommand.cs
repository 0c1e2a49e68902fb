using System.Text.Json.Nodes;

namespace Portal.Web.Api.Reference;

/// <summary>An operation as a command line.</summary>
internal static class CurlCommand
{
    /// <summary>Path parameters become variables of the shell: <c>{id}</c> is <c>$ID</c>.</summary>
    public static string Of(string method, string path, bool needsToken, bool takesKey, JsonNode? body)
    {
        var words = new List<string> { "curl" };
        if (method != "GET") words.Add($"-X {method}");
        if (needsToken) words.Add("-H \"Authorization: Bearer $PORTAL_TOKEN\"");
        if (takesKey) words.Add($"-H \"{Idempotency.Header}: $KEY\"");
        if (body is not null) words.Add($"-H 'Content-Type: application/json' \\\n  -d '{body.ToJsonString(Options).Replace("'", "'\\''", StringComparison.Ordinal)}'");
        words.Add($"\"$PORTAL_URL{Variables(path)}\"");
        return string.Join(' ', words);
    }

    private static readonly System.Text.Json.JsonSerializerOptions Options = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static string Variables(string path) =>
        string.Join('/', path.Split('/').Select(part => part.Length > 2 && part[0] == '{' ? "$" + part[1..^1].ToUpperInvariant() : part));
}
