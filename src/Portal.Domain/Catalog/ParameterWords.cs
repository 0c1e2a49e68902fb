using System.Globalization;

namespace Portal.Domain.Catalog;

/// <summary>What a parameter allows, in words for people: <c>must be an integer from 10 to 100000</c>.</summary>
public static class ParameterWords
{
    /// <summary>The sentence every refusal of a value begins with.</summary>
    public static string Allowed(ParameterSpec parameter)
    {
        var constraints = parameter.Constraints;
        return parameter.Type switch
        {
            ParameterType.Integer => $"must be an integer{Range(constraints.Min, constraints.Max, Number)}",
            ParameterType.Number => $"must be a number{Range(constraints.Min, constraints.Max, Number)}",
            ParameterType.Boolean => "must be true or false",
            ParameterType.Enum => $"must be one of {string.Join(", ", constraints.Values ?? [])}",
            ParameterType.StringList => $"must be a list of text{Count(constraints.MinItems, constraints.MaxItems, "with", "elements")}",
            ParameterType.Map => $"must be an object of text values by name{Count(constraints.MinItems, constraints.MaxItems, "with", "entries")}",
            ParameterType.Duration => $"must be {IsoDuration.Allowed}{Range(constraints.Min, constraints.Max, Seconds)}",
            ParameterType.Run => "must be the id of a finished run (a UUID)",
            ParameterType.Artifact => "must be the id of an artifact (a UUID)",
            _ => $"must be text{Lengths(constraints)}",
        };
    }

    /// <summary>The word used in files and the API: <c>stringList</c>.</summary>
    public static string Word(ParameterType type)
    {
        var name = type.ToString();
        return char.ToLowerInvariant(name[0]) + name[1..];
    }

    internal static string Number(decimal value) => value.ToString("0.############################", CultureInfo.InvariantCulture);

    internal static string Seconds(decimal value) => IsoDuration.Format(TimeSpan.FromSeconds((double)value));

    private static string Lengths(ParameterConstraints constraints) =>
        Count(constraints.MinLength, constraints.MaxLength, "of", "characters") + (constraints.Pattern is { } pattern ? $" matching {pattern}" : "");

    private static string Count(int? min, int? max, string link, string things) => (min, max) switch
    {
        (null, null) => "",
        ({ } low, { } high) when low == high => $" {link} {Number(low)} {things}",
        ({ } low, { } high) => $" {link} {Number(low)} to {Number(high)} {things}",
        ({ } low, null) => $" {link} at least {Number(low)} {things}",
        (null, { } high) => $" {link} at most {Number(high)} {things}",
    };

    private static string Range(decimal? min, decimal? max, Func<decimal, string> format) => (min, max) switch
    {
        ({ } low, { } high) => $" from {format(low)} to {format(high)}",
        ({ } low, null) => $" of at least {format(low)}",
        (null, { } high) => $" of at most {format(high)}",
        _ => "",
    };
}
