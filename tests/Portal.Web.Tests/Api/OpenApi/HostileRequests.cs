using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Portal.Web.Tests.Api.OpenApi;

/// <summary>Makes requests of an operation that nobody means well, out of what the document says of it: its parameters, its example, its types.</summary>
/// <param name="known">Ids, slugs and addresses of things that exist, so that not every request ends at the first look.</param>
internal sealed class HostileRequests(Random random, IReadOnlyList<string> known)
{
    private static readonly string[] Texts =
    [
        "", " ", "\0", "a\0b", "\uFFFF", "\u202Eevil", "🐢 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 \U0010FFFD", "e\u0301\u0301\u0301", "..", "../../etc/passwd", "..\\..\\x", "/", "//", "%00", "%2e%2e%2f", "'; drop table workloads; --", "\" or \"\"=\"",
        "$(touch /tmp/x)", "`id`", "{{ parameters.x }}", "${jndi:ldap://x}", "<script>alert(1)</script>", "a\r\nSet-Cookie: x=y", "-1", "0", "9223372036854775808", "1e400", "NaN", "true", "null", "[]", "{}",
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.9999999Z", "2026-02-30", "2026-13", "PT", "P-1D", "P99999999999D", "PT1S", "00000000-0000-0000-0000-000000000000", "not-a-guid", "%", "_", "\\", "*", "?a=b&c", "#x",
    ];

    private static readonly string[] Numbers = ["0", "-0", "-1", "1", "2147483648", "-2147483649", "9223372036854775807", "9223372036854775808", "1e400", "-1e400", "1e-400", "0.1", "79228162514264337593543950336", "1.00000000000000000000000000000001"];

    // Not those that the client itself refuses to send.
    private static readonly string[] Segments = ["%00", "%ff%fe", "%2e%2e", "%2F", "%5C", "%25", "%20", "%ED%A0%80", "a%0d%0ab", "%F0%9F%90%A2"];

    /// <summary>One request of the operation called <paramref name="name"/>, such as <c>GET /api/v1/me</c>.</summary>
    public HttpRequestMessage Of(string name, JsonObject operation)
    {
        var (method, path) = (name.Split(' ')[0], name.Split(' ')[1]);
        var query = new List<string>();
        foreach (var parameter in operation["parameters"]?.AsArray() ?? [])
        {
            var (place, title, schema) = ((string)parameter!["in"]!, (string)parameter["name"]!, parameter["schema"]);
            if (place == "path") path = path.Replace($"{{{title}}}", Chance(15) ? Pick(Segments) : Uri.EscapeDataString(Chance(70) ? Pick(known) : Text()), StringComparison.Ordinal);
            else if (place == "query" && Chance(50))
                for (var times = Chance(10) ? 2 : 1; times > 0; times--) query.Add($"{title}={(Chance(10) ? Pick(Segments) : Uri.EscapeDataString(Parameter(schema)))}");
        }
        // Kestrel turns a path with this away before anybody sees it, and the server of these tests cannot be asked for one.
        path = path.Replace("%00", "%01", StringComparison.Ordinal);
        var request = new HttpRequestMessage(new HttpMethod(method), path + (query.Count > 0 ? $"?{string.Join('&', query)}" : ""));
        if (operation["requestBody"] is not null || Chance(5)) request.Content = Content(operation["requestBody"] as JsonObject);
        if (method == "POST" && Chance(30)) request.Headers.TryAddWithoutValidation("Idempotency-Key", Chance(50) ? new string('k', random.Next(1, 400)) : Header(Text()));
        return request;
    }

    private HttpContent? Content(JsonObject? body)
    {
        if (Chance(3)) return null;
        var content = new ByteArrayContent(Chance(8) ? Garbage() : Encoding.UTF8.GetBytes(Json(body)));
        content.Headers.TryAddWithoutValidation("Content-Type", Chance(6) ? Pick(["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/json; charset=utf-7", "application/x-www-form-urlencoded"]) : "application/json");
        return content;
    }

    private string Json(JsonObject? body)
    {
        if (Chance(4)) return new string('[', 2000);
        if (Chance(2)) return $$"""{"name":"{{new string('x', 1 << 20)}}"}""";
        var media = ApiDocument.Media(body);
        var example = (media?["example"] ?? media?["examples"]?.AsObject().FirstOrDefault().Value?["value"])?.DeepClone() ?? new JsonObject();
        for (var changes = random.Next(4); changes > 0; changes--) example = Changed(example);
        return example?.ToJsonString() is { } text ? text.Replace("\"@number:", "", StringComparison.Ordinal).Replace(":number@\"", "", StringComparison.Ordinal) : "null";
    }

    /// <summary>The same with one of its parts replaced, taken away or added.</summary>
    private JsonNode? Changed(JsonNode? node)
    {
        if (node is JsonObject part && part.Count > 0 && !Chance(15))
        {
            var key = part.ElementAt(random.Next(part.Count)).Key;
            if (Chance(10)) part.Remove(key);
            else if (Chance(10)) part[Text()] = Value();
            else
            {
                var former = part[key];
                part[key] = null;
                part[key] = Changed(former);
            }
            return part;
        }
        if (node is JsonArray list && list.Count > 0 && !Chance(25))
        {
            var at = random.Next(list.Count);
            var former = list[at];
            list[at] = null;
            list[at] = Changed(former);
            if (Chance(5)) for (var i = 0; i < 2000; i++) list.Add(list[at]?.DeepClone());
            return list;
        }
        // Half of the time what it is stays, with other content: only so does it come past the first check.
        return node is JsonValue value && value.GetValueKind() == System.Text.Json.JsonValueKind.String && Chance(50) ? Chance(30) ? Pick(known) : Text() : Value();
    }

    private JsonNode? Value() => random.Next(8) switch
    {
        0 => null,
        1 => JsonValue.Create(Chance(50)),
        // Numbers as they are written: the model of JSON here holds none so large.
        2 or 3 => JsonValue.Create($"@number:{Pick(Numbers)}:number@"),
        4 => new JsonArray(Chance(50) ? null : JsonValue.Create(Text())),
        5 => new JsonObject { [Chance(50) ? "id" : Text()] = JsonValue.Create(Text()) },
        _ => JsonValue.Create(Text()),
    };

    private string Parameter(JsonNode? schema) =>
        Chance(30) && schema?["enum"] is JsonArray { Count: > 0 } allowed ? allowed[random.Next(allowed.Count)]?.ToString() ?? ""
        : Chance(25) ? Pick(known)
        : Chance(25) ? Pick(Numbers)
        : Chance(10) ? random.Next(1, 100).ToString(CultureInfo.InvariantCulture)
        : Text();

    private string Text() => Chance(4) ? new string(Pick(["a", "ä", "🐢"])[0] is var c && char.IsSurrogate(c) ? 'x' : c, random.Next(300, 5000)) : Pick(Texts);

    private byte[] Garbage()
    {
        var bytes = new byte[random.Next(0, 64)];
        random.NextBytes(bytes);
        return bytes;
    }

    private static string Header(string text) => new([.. text.Where(c => c is >= ' ' and < '\u007f')]);

    private T Pick<T>(IReadOnlyList<T> all) => all[random.Next(all.Count)];

    private bool Chance(int percent) => random.Next(100) < percent;
}
