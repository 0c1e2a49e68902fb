using System.Text;
using System.Text.Json;

namespace Portal.Domain.Catalog;

/// <summary>
/// Turns what a person or script gave into validated <see cref="ParameterValues"/>: defaults applied, every wrong value answered under its key (<c>parameters.steps</c>)
/// with what is wrong and what is allowed. Pure; secrets are never repeated in a message.
/// </summary>
public static class ParameterValidation
{
    /// <summary>Most UTF-8 bytes of one command element, or of one environment entry with its name and <c>=</c>: the kernel's MAX_ARG_STRLEN (128 KiB) less the closing zero byte.</summary>
    public const int MaxElementBytes = 131_071;

    /// <summary>Most bytes of command and environment together, counted as the kernel does (each with a closing zero and a pointer). Half of Linux's usual 2 MiB, so that the target's own variables always fit.</summary>
    public const int MaxTotalBytes = 1_048_576;

    /// <summary>Most characters of a <c>text</c> parameter.</summary>
    public const int MaxTextLength = 1_000_000;

    /// <summary>Checks values by the parameters alone. Prefer the overload with the item, which also knows what each is used for.</summary>
    /// <param name="given">A JSON object of values by name; null, undefined and JSON null mean that nothing was given.</param>
    public static (ParameterValues Values, IReadOnlyDictionary<string, string[]> Errors) Validate(IReadOnlyList<ParameterSpec> parameters, JsonElement? given)
    {
        var errors = new FieldErrors();
        var values = Collect(parameters, ReadObject(parameters, given, errors), errors);
        return (new ParameterValues(values), errors.ToDictionary());
    }

    /// <summary>Checks values for one item: as above, and that maps spread into the environment have usable names, that images and paths are ones, and everything fits into what a program can be started with.</summary>
    public static (ParameterValues Values, IReadOnlyDictionary<string, string[]> Errors) Validate(ItemSpec item, JsonElement? given)
    {
        var errors = new FieldErrors();
        var values = new ParameterValues(Collect(item.Parameters, ReadObject(item.Parameters, given, errors), errors));
        foreach (var name in item.EnvironmentFrom)
            CheckEnvironmentMap(item, name, values, errors);
        if (errors.None)
            LaunchPlace.Check(item, values, errors);
        if (errors.None)
            LaunchSize.Check(item, values, errors);
        return (values, errors.ToDictionary());
    }

    /// <summary>Checks one value: its normal form, or the reasons why it is refused.</summary>
    public static (JsonElement? Value, IReadOnlyList<string> Errors) Check(ParameterSpec parameter, JsonElement value)
    {
        var (normal, errors) = ParameterValueCheck.Check(parameter, value);
        return (errors.Count == 0 ? normal : null, errors);
    }

    /// <summary>Null when a constraint's pattern can be used; otherwise why not.</summary>
    public static string? RefusePattern(string pattern) => ParameterValueCheck.Compile(pattern).Reason?.TrimEnd('.');

    private static Dictionary<string, JsonElement> ReadObject(IReadOnlyList<ParameterSpec> parameters, JsonElement? given, FieldErrors errors)
    {
        var read = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        if (given is not { } json || json.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null)
            return read;
        if (json.ValueKind != JsonValueKind.Object)
        {
            errors.Add("parameters", $"must be an object of values by parameter name; got {JsonText.Describe(json)}");
            return read;
        }
        foreach (var property in json.EnumerateObject())
        {
            var name = JsonText.Name(property);
            if (parameters.FirstOrDefault(p => p.Name == name) is not { } parameter)
                errors.Add($"parameters.{Quoted.Text(name).Trim('"')}", Unknown(parameters, name));
            else if (!parameter.UserFacing)
                errors.Add($"parameters.{name}", "is set by the catalog item and cannot be changed at launch");
            else if (!read.TryAdd(name, property.Value))
                errors.Add($"parameters.{name}", "is given more than once");
        }
        return read;
    }

    private static string Unknown(IReadOnlyList<ParameterSpec> parameters, string name)
    {
        var known = parameters.Where(p => p.UserFacing).Select(p => p.Name).ToList();
        return $"is not a parameter of this item.{NearestName.Hint(name, known)} " + (known.Count == 0 ? "It has none." : $"Allowed: {string.Join(", ", known)}.");
    }

    private static Dictionary<string, JsonElement> Collect(IReadOnlyList<ParameterSpec> parameters, Dictionary<string, JsonElement> given, FieldErrors errors)
    {
        var values = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var parameter in parameters)
        {
            if (given.TryGetValue(parameter.Name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                var (normal, reasons) = ParameterValueCheck.Check(parameter, value);
                foreach (var reason in reasons)
                    errors.Add($"parameters.{parameter.Name}", reason);
                if (reasons.Count == 0)
                    values[parameter.Name] = normal;
            }
            else if (parameter.DefaultJson is { } json)
                values[parameter.Name] = JsonText.Parse(json);
            else if (parameter.Required)
                errors.Add($"parameters.{parameter.Name}", $"is required: {ParameterWords.Allowed(parameter)}");
        }
        return values;
    }

    private static void CheckEnvironmentMap(ItemSpec item, string name, ParameterValues values, FieldErrors errors)
    {
        if (!values.ByName.TryGetValue(name, out var map) || map.ValueKind != JsonValueKind.Object)
            return;
        foreach (var key in map.EnumerateObject().Select(e => e.Name))
        {
            if (EnvironmentNames.Refuse(key) is { } refusal)
                errors.Add($"parameters.{name}", refusal);
            else if (item.Environment.ContainsKey(key) || item.Deployments.Any(d => d.Environment.ContainsKey(key)))
                errors.Add($"parameters.{name}", $"\"{key}\" is set by the catalog item and cannot be replaced.");
        }
    }
}

/// <summary>Collects messages by key, in the order they were found.</summary>
internal sealed class FieldErrors
{
    private readonly Dictionary<string, List<string>> byKey = new(StringComparer.Ordinal);

    public bool None => byKey.Count == 0;

    public void Add(string key, string message)
    {
        if (!byKey.TryGetValue(key, out var messages))
            byKey[key] = messages = [];
        if (messages.Count < 20 && !messages.Contains(message))
            messages.Add(message);
    }

    public IReadOnlyDictionary<string, string[]> ToDictionary() => byKey.ToDictionary(e => e.Key, e => e.Value.ToArray(), StringComparer.Ordinal);
}
