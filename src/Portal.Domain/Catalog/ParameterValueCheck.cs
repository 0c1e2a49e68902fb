using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Portal.Domain.Catalog;

/// <summary>Checks one value against one parameter and brings it into the parameter's shape.</summary>
internal static class ParameterValueCheck
{
    private const int MaxListElements = 10_000;
    private const int MaxMapEntries = 1_000;
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(1);

    public static (JsonElement Value, List<string> Errors) Check(ParameterSpec parameter, JsonElement value)
    {
        var errors = new List<string>();
        var normal = parameter.Type switch
        {
            ParameterType.Integer or ParameterType.Number => CheckNumber(parameter, value, errors),
            ParameterType.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.Clone() : Wrong(parameter, value, errors),
            ParameterType.StringList => CheckList(parameter, value, errors),
            ParameterType.Map => CheckMap(parameter, value, errors),
            _ => CheckText(parameter, value, errors),
        };
        return (normal, errors);
    }

    /// <summary>Compiles a constraint so that it cannot be made slow by a value; null with a reason when that is not possible.</summary>
    public static (Regex? Regex, string? Reason) Compile(string pattern)
    {
        try
        {
            // \z, not $: a dollar also matches before a last line feed.
            return (new Regex($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchTimeout), null);
        }
        catch (NotSupportedException)
        {
            return (null, "lookarounds, back-references and atomic groups are not allowed: they can be made to run for ever");
        }
        catch (ArgumentException error)
        {
            return (null, error.Message);
        }
    }

    private static JsonElement Wrong(ParameterSpec parameter, JsonElement value, List<string> errors) =>
        Refuse(errors, $"{ParameterWords.Allowed(parameter)}{Got(parameter, () => JsonText.Describe(value))}");

    private static JsonElement Refuse(List<string> errors, string message)
    {
        if (errors.Count < 20)
            errors.Add(message);
        return default;
    }

    /// <summary>Secrets are never repeated: a message ends up in logs, pages and support tickets.</summary>
    private static string Got(ParameterSpec parameter, Func<string> what) => parameter.Secret ? "" : $"; got {what()}";

    private static JsonElement CheckNumber(ParameterSpec parameter, JsonElement value, List<string> errors)
    {
        if (value.ValueKind != JsonValueKind.Number)
            return Wrong(parameter, value, errors);
        var raw = value.GetRawText();
        var whole = parameter.Type == ParameterType.Integer;
        if (!decimal.TryParse(raw, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
            return Outlier(parameter, value, raw, errors);
        var outside = number < parameter.Constraints.Min || number > parameter.Constraints.Max;
        if (outside || whole && (number != decimal.Truncate(number) || number is < long.MinValue or > long.MaxValue))
            return Wrong(parameter, value, errors);
        return whole ? JsonSerializer.SerializeToElement((long)number) : value.Clone();
    }

    /// <summary>A number beyond decimal's range: fine as a floating point number, if it is one and no bound is set on that side.</summary>
    private static JsonElement Outlier(ParameterSpec parameter, JsonElement value, string raw, List<string> errors)
    {
        var known = double.TryParse(raw, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number);
        var bounded = number > 0 ? parameter.Constraints.Max is not null : parameter.Constraints.Min is not null;
        return !known || bounded || parameter.Type == ParameterType.Integer ? Wrong(parameter, value, errors) : value.Clone();
    }

    private static JsonElement CheckText(ParameterSpec parameter, JsonElement value, List<string> errors)
    {
        if (value.ValueKind != JsonValueKind.String)
            return Wrong(parameter, value, errors);
        if (JsonText.Read(value) is not { } text)
            return Refuse(errors, "is not valid UTF-8 text");
        if (TextFault.Of(text) is { } fault)
            return Refuse(errors, fault);
        if (parameter.Type == ParameterType.Text ? text.Length > ParameterValidation.MaxTextLength : Bytes(text) > ParameterValidation.MaxElementBytes)
            return Refuse(errors, TooLong(parameter.Type, text));
        var refusal = parameter.Type switch
        {
            ParameterType.Enum when !(parameter.Constraints.Values ?? []).Contains(text, StringComparer.Ordinal) => NearEnum(parameter, text),
            ParameterType.Duration => RefuseDuration(parameter, text),
            ParameterType.Run or ParameterType.Artifact when !Guid.TryParseExact(text, "D", out _) => $"{ParameterWords.Allowed(parameter)}; got {Quoted.Text(text)}",
            ParameterType.String or ParameterType.Text or ParameterType.Secret => RefuseText(parameter, text, ""),
            _ => null,
        };
        return refusal is null ? JsonText.Of(text) : Refuse(errors, refusal);
    }

    private static string NearEnum(ParameterSpec parameter, string text) =>
        $"{ParameterWords.Allowed(parameter)}; got {Quoted.Text(text)}.{NearestName.Hint(text, parameter.Constraints.Values ?? [])}".TrimEnd('.');

    private static string? RefuseDuration(ParameterSpec parameter, string text)
    {
        var seconds = IsoDuration.TryParse(text, out var duration) ? (decimal)duration.TotalSeconds : (decimal?)null;
        var good = seconds is not null && !(seconds < parameter.Constraints.Min) && !(seconds > parameter.Constraints.Max);
        return good ? null : $"{ParameterWords.Allowed(parameter)}; got {Quoted.Text(text)}";
    }

    /// <param name="where">Names the element or entry, with a colon and a space; empty for the value itself.</param>
    private static string? RefuseText(ParameterSpec parameter, string text, string where)
    {
        var constraints = parameter.Constraints;
        var subject = new ParameterSpec { Name = parameter.Name, Type = ParameterType.String, Constraints = constraints };
        if (text.Length < (constraints.MinLength ?? 0) || text.Length > (constraints.MaxLength ?? int.MaxValue))
            return $"{where}{ParameterWords.Allowed(subject)}; got {text.Length} character{(text.Length == 1 ? "" : "s")}";
        if (constraints.Pattern is { } pattern && !Matches(pattern, text))
            return $"{where}{ParameterWords.Allowed(subject)}{Got(parameter, () => Quoted.Text(text))}";
        return null;
    }

    private static bool Matches(string pattern, string text)
    {
        try
        {
            return Compile(pattern).Regex?.IsMatch(text) ?? throw new InvalidOperationException($"The constraint {pattern} was published although it is not a usable pattern.");
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private static JsonElement CheckList(ParameterSpec parameter, JsonElement value, List<string> errors)
    {
        if (value.ValueKind != JsonValueKind.Array)
            return Wrong(parameter, value, errors);
        var length = value.GetArrayLength();
        if (length < (parameter.Constraints.MinItems ?? 0) || length > (parameter.Constraints.MaxItems ?? int.MaxValue))
            return Refuse(errors, $"{ParameterWords.Allowed(parameter)}; got {length}");
        if (length > MaxListElements)
            return Refuse(errors, $"has {length} elements; at most {MaxListElements} are taken");
        var elements = new List<string>(length);
        foreach (var element in value.EnumerateArray())
            elements.Add(CheckPart(parameter, element, $"element {elements.Count + 1}: ", errors));
        return errors.Count == 0 ? JsonSerializer.SerializeToElement(elements) : default;
    }

    private static JsonElement CheckMap(ParameterSpec parameter, JsonElement value, List<string> errors)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return Wrong(parameter, value, errors);
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            var name = JsonText.Name(property);
            if (name.Length == 0 || TextFault.Of(name) is not null)
                Refuse(errors, $"the name {Quoted.Text(name)} {(name.Length == 0 ? "is empty" : TextFault.Of(name))}");
            else if (!entries.TryAdd(name, CheckPart(parameter, property.Value, $"{Quoted.Text(name)}: ", errors)))
                Refuse(errors, $"{Quoted.Text(name)} is given more than once");
        }
        if (entries.Count < (parameter.Constraints.MinItems ?? 0) || entries.Count > (parameter.Constraints.MaxItems ?? int.MaxValue))
            Refuse(errors, $"{ParameterWords.Allowed(parameter)}; got {entries.Count}");
        if (entries.Count > MaxMapEntries)
            Refuse(errors, $"has {entries.Count} entries; at most {MaxMapEntries} are taken");
        return errors.Count == 0 ? JsonSerializer.SerializeToElement(entries) : default;
    }

    private static string CheckPart(ParameterSpec parameter, JsonElement element, string where, List<string> errors)
    {
        var text = element.ValueKind == JsonValueKind.String ? JsonText.Read(element) : null;
        if (text is null)
            Refuse(errors, $"{where}must be text; got {JsonText.Describe(element)}");
        else if (TextFault.Of(text) is { } fault)
            Refuse(errors, where + fault);
        else if (Bytes(text) > ParameterValidation.MaxElementBytes)
            Refuse(errors, where + TooLong(ParameterType.String, text));
        else if (RefuseText(parameter, text, where) is { } refusal)
            Refuse(errors, refusal);
        return text ?? "";
    }

    private static int Bytes(string text) => Encoding.UTF8.GetByteCount(text);

    private static string TooLong(ParameterType type, string text) => type == ParameterType.Text
        ? $"is too long: {text.Length} characters; at most {ParameterValidation.MaxTextLength} are taken"
        : $"is too long: {Bytes(text)} bytes; at most {ParameterValidation.MaxElementBytes} fit into one command element or environment variable";
}
