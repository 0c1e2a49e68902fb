using System.Globalization;
using System.Text.Json;

namespace Portal.Domain.Catalog;

/// <summary>Converts between what a form field holds and a parameter's JSON value. Conversion only: <see cref="ParameterValidation"/> says whether the value is allowed.</summary>
public static class ParameterText
{
    /// <summary>
    /// The JSON value of a field's text. Lists: one element a line, empty lines left out. Maps: one <c>NAME=value</c> a line. Numbers and flags that are not ones become
    /// text, which validation then refuses by name. Null for a field left empty whose type has no empty value (numbers, flags, choices, durations, runs): nothing was given.
    /// </summary>
    public static JsonElement? ToElement(ParameterSpec parameter, string? text)
    {
        if (string.IsNullOrEmpty(text))
            return parameter.Type switch
            {
                ParameterType.String or ParameterType.Text or ParameterType.Secret => JsonText.Of(""),
                ParameterType.StringList => JsonSerializer.SerializeToElement(Array.Empty<string>()),
                ParameterType.Map => JsonSerializer.SerializeToElement(new Dictionary<string, string>()),
                _ => null,
            };
        return parameter.Type switch
        {
            ParameterType.Integer or ParameterType.Number => NumberOrText(text.Trim()),
            ParameterType.Boolean => text.Trim() switch { "true" => JsonSerializer.SerializeToElement(true), "false" => JsonSerializer.SerializeToElement(false), _ => JsonText.Of(text) },
            ParameterType.StringList => JsonSerializer.SerializeToElement(Lines(text)),
            ParameterType.Map => MapOrText(text),
            ParameterType.Duration or ParameterType.Run or ParameterType.Artifact => JsonText.Of(text.Trim()),
            _ => JsonText.Of(text),
        };
    }

    /// <summary>The text a field shows for a value; null when the field's form cannot hold it (a list element with a line feed, an empty one).</summary>
    public static string? ToText(ParameterSpec parameter, JsonElement value)
    {
        var text = value.ValueKind switch
        {
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Null or JsonValueKind.Undefined => "",
            JsonValueKind.Array => string.Join('\n', value.EnumerateArray().Select(e => e.GetString())),
            JsonValueKind.Object => string.Join('\n', value.EnumerateObject().Select(e => $"{e.Name}={e.Value.GetString()}")),
            _ => value.GetRawText(),
        };
        var multiple = value.ValueKind is JsonValueKind.Array or JsonValueKind.Object;
        return !multiple || ToElement(parameter, text) is { } back && JsonElement.DeepEquals(back, value) ? text : null;
    }

    private static JsonElement NumberOrText(string text)
    {
        var plausible = decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _) || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);
        if (!plausible)
            return JsonText.Of(text);
        try
        {
            return JsonText.Parse(text);
        }
        catch (JsonException)
        {
            // A number to people (+5, 007, .5) but not to JSON.
            return decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? JsonSerializer.SerializeToElement(number) : JsonText.Of(text);
        }
    }

    private static List<string> Lines(string text) => [.. text.Split('\n').Select(l => l.TrimEnd('\r')).Where(l => l.Length > 0)];

    /// <summary>A line without <c>=</c> or a name given twice makes the whole no map: the text itself goes to validation, which says so.</summary>
    private static JsonElement MapOrText(string text)
    {
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in Lines(text))
        {
            var cut = line.IndexOf('=', StringComparison.Ordinal);
            if (cut <= 0 || !entries.TryAdd(line[..cut].Trim(), line[(cut + 1)..]))
                return JsonText.Of(text);
        }
        return JsonSerializer.SerializeToElement(entries);
    }
}
