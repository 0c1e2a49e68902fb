using System.Text.RegularExpressions;

namespace Portal.Domain.Catalog;

/// <summary>Which names an item or a person may put into a workload's environment.</summary>
public static partial class EnvironmentNames
{
    /// <summary>Names the portal itself gives a workload begin with this; nobody else may set them.</summary>
    public const string Reserved = "PORTAL_";

    /// <summary>What a message says is allowed.</summary>
    public const string Allowed = "letters, digits and underscores, not beginning with a digit, at most 255 characters";

    /// <summary>True for a name of the portal's own.</summary>
    public static bool IsReserved(string name) => name.StartsWith(Reserved, StringComparison.Ordinal);

    /// <summary>Null when the name may be set; otherwise what is wrong with it.</summary>
    public static string? Refuse(string name) =>
        IsReserved(name) ? $"\"{name}\" is reserved: names beginning with {Reserved} are set by the portal."
        : name.Length <= 255 && Form().IsMatch(name) ? null
        : $"{Quoted.Text(name)} is not an environment variable name. Allowed: {Allowed}.";

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
