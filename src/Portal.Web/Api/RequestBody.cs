using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Portal.Application;
using Portal.Domain.Catalog;

namespace Portal.Web.Api;

/// <summary>Reads JSON bodies strictly: an unknown field is an error that names the nearest known one; a wrong type names the field and what it should be.</summary>
internal static class RequestBody
{
    private static readonly JsonSerializerOptions Options = CreateOptions();

    /// <summary>The value and the bytes it was read from (for idempotency), or the answer that refuses it.</summary>
    public static async Task<(T? Value, byte[] Bytes, IResult? Refusal)> ReadAsync<T>(HttpContext context) where T : class
    {
        if (!context.Request.HasJsonContentType()) return (null, [], ApiProblems.Problem(StatusCodes.Status415UnsupportedMediaType, "Unsupported media type", "Send JSON with Content-Type: application/json."));
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer, context.RequestAborted);
        var bytes = buffer.ToArray();
        try
        {
            using var document = JsonDocument.Parse(bytes, new JsonDocumentOptions { AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object) return (null, bytes, ApiProblems.Invalid("", "The body must be a JSON object."));
            var errors = Unknown(document.RootElement, typeof(T));
            // Parameters of items say themselves, value by value, what they take.
            if (errors.Count == 0) foreach (var property in document.RootElement.EnumerateObject().Where(p => p.Name != "parameters")) Refuse(property.Value, property.Name, errors);
            if (errors.Count > 0) return (null, bytes, ApiProblems.Invalid(errors));
            return (document.RootElement.Deserialize<T>(Options), bytes, null);
        }
        catch (JsonException exception)
        {
            var path = (exception.Path ?? "").TrimStart('$').TrimStart('.');
            return (null, bytes, ApiProblems.Invalid(path, path.Length == 0 ? $"Not valid JSON: {exception.Message.Split(" LineNumber")[0]}" : Words(exception)));
        }
    }

    private static Dictionary<string, string[]> Unknown(JsonElement body, Type type)
    {
        var known = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name)).ToList();
        return body.EnumerateObject().Where(p => !known.Contains(p.Name, StringComparer.Ordinal))
            .ToDictionary(p => p.Name, p => new[] { $"There is no such field.{Nearest(p.Name, known)} Allowed: {string.Join(", ", known)}." });
    }

    /// <summary>Texts that no database keeps: with NUL, or with half a character.</summary>
    private static void Refuse(JsonElement element, string path, Dictionary<string, string[]> errors)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in element.EnumerateObject())
                {
                    if (property.Name.Contains('\0', StringComparison.Ordinal)) errors.TryAdd(path, ["Must not contain NUL."]);
                    Refuse(property.Value, $"{path}.{property.Name}", errors);
                }
                break;
            case JsonValueKind.Array:
                var n = 0;
                foreach (var item in element.EnumerateArray()) Refuse(item, $"{path}[{n++}]", errors);
                break;
            case JsonValueKind.String:
                try
                {
                    if (element.GetString()!.Contains('\0', StringComparison.Ordinal)) errors.TryAdd(path, ["Must not contain NUL."]);
                }
                catch (InvalidOperationException)
                {
                    errors.TryAdd(path, ["Must not contain half of a surrogate pair."]);
                }
                break;
        }
    }

    private static string Nearest(string name, List<string> known) => NearestName.Of(name, known) is { } near ? $" Did you mean '{near}'?" : "";

    private static string Words(JsonException exception)
    {
        var message = exception.Message;
        var cut = message.IndexOf(" Path:", StringComparison.Ordinal);
        return cut > 0 ? message[..cut] : message;
    }

    private static JsonSerializerOptions CreateOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { NumberHandling = JsonNumberHandling.Strict };
        options.Converters.Add(new JsonStringEnumConverter());
        options.Converters.Add(new IsoDurationConverter());
        return options;
    }
}
