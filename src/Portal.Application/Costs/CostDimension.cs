namespace Portal.Application.Costs;

/// <summary>What costs can be grouped by; all but the last three can be filtered by as well.</summary>
public enum CostDimensionKind { Team, Owner, Category, Item, Kind, Target, Capacity, Workload, Tag, Day, Week, Month }

/// <summary>One thing to group or filter costs by.</summary>
/// <param name="Tag">Name of the tag, with <see cref="CostDimensionKind.Tag"/> only.</param>
public sealed record CostDimension(CostDimensionKind Kind, string? Tag = null)
{
    private const string TagPrefix = "tag:";

    private static readonly CostDimensionKind[] Plain = [.. Enum.GetValues<CostDimensionKind>().Where(k => k != CostDimensionKind.Tag)];

    /// <summary>What may be grouped by, for people.</summary>
    public static string Groupings { get; } = string.Join(", ", Plain.Select(Lower).Append(TagPrefix + "NAME"));

    /// <summary>What may be filtered by, for people.</summary>
    public static string Filters { get; } = string.Join(", ", Plain.Where(k => k < CostDimensionKind.Day).Select(Lower).Append(TagPrefix + "NAME"));

    /// <summary>True for day, week and month.</summary>
    public bool IsTime => Kind >= CostDimensionKind.Day;

    /// <summary>As in addresses: <c>team</c>, <c>tag:project</c>.</summary>
    public string Word => Kind == CostDimensionKind.Tag ? TagPrefix + Tag : Lower(Kind);

    /// <summary>Reads a word such as <c>team</c> or <c>tag:project</c>; null when it is neither.</summary>
    public static CostDimension? Parse(string? word)
    {
        if (word is null || word.Contains('\0')) return null;
        if (word.StartsWith(TagPrefix, StringComparison.OrdinalIgnoreCase)) return word.Length > TagPrefix.Length ? new CostDimension(CostDimensionKind.Tag, word[TagPrefix.Length..]) : null;
        foreach (var kind in Plain)
            if (Lower(kind).Equals(word, StringComparison.OrdinalIgnoreCase)) return new CostDimension(kind);
        return null;
    }

    private static string Lower(CostDimensionKind kind) => kind.ToString().ToLowerInvariant();
}
