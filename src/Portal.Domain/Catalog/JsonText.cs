using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Portal.Domain.Catalog;

/// <summary>Reads JSON strings that the framework refuses to read (lone surrogates), so that the place of the fault can be told.</summary>
internal static class JsonText
{
    public static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }

    public static JsonElement Of(string text) => JsonSerializer.SerializeToElement(text);

    /// <summary>The text of a string element, lone surrogates kept as they are; null when its bytes are not UTF-8.</summary>
    public static string? Read(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException)
        {
            return ReadRaw(element.GetRawText);
        }
    }

    /// <summary>The name of a property, readable in any case.</summary>
    public static string Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            // The raw text of a property begins with its quoted name.
            return ReadRaw(() => property.ToString()) ?? "\uFFFD";
        }
    }

    /// <summary>Names a JSON value in a message: <c>the text "abc"</c>, <c>5</c>, <c>a list</c>.</summary>
    public static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => $"the text {Quoted.Text(Read(element) ?? "\uFFFD")}",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.Null or JsonValueKind.Undefined => "nothing",
        _ => Quoted.Text(element.GetRawText()).Trim('"'),
    };

    private static string? ReadRaw(Func<string> raw)
    {
        try
        {
            return Unescape(raw());
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static string Unescape(string raw)
    {
        var text = new StringBuilder(raw.Length);
        for (var i = 1; i < raw.Length && raw[i] != '"'; i++)
        {
            if (raw[i] != '\\')
                text.Append(raw[i]);
            else if (raw[++i] == 'u')
            {
                text.Append((char)ushort.Parse(raw.AsSpan(i + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                i += 4;
            }
            else
                text.Append(raw[i] switch { 'b' => '\b', 'f' => '\f', 'n' => '\n', 'r' => '\r', 't' => '\t', var other => other });
        }
        return text.ToString();
    }
}
