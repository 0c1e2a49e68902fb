using System.Text.Json;
using System.Text.Json.Serialization;
using System.Xml;

namespace Portal.Web.Api;

/// <summary>Durations as ISO 8601 (<c>PT8H</c>).</summary>
public sealed class IsoDurationConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: > 0 } text && TryParse(text, out var span)) return span;
        throw new JsonException("must be an ISO 8601 duration, such as PT8H or PT30M");
    }

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(XmlConvert.ToString(value));

    /// <summary>Days, hours, minutes and seconds; months and years have no fixed length and are refused.</summary>
    public static bool TryParse(string text, out TimeSpan span)
    {
        span = default;
        if (!text.StartsWith('P') || text.Contains('Y', StringComparison.Ordinal) || text.Split('T')[0].Contains('M', StringComparison.Ordinal)) return false;
        try
        {
            span = XmlConvert.ToTimeSpan(text);
            return true;
        }
        catch (Exception exception) when (exception is FormatException or OverflowException)
        {
            return false;
        }
    }
}
