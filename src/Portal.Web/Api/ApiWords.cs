using Portal.Domain.Workloads;

namespace Portal.Web.Api;

/// <summary>Words of query strings.</summary>
internal static class ApiWords
{
    public static string AllowedKinds { get; } = $"Allowed: {string.Join(", ", Enum.GetNames<WorkloadKind>())}.";

    public static string AllowedPhases { get; } = $"Allowed: {string.Join(", ", Enum.GetNames<WorkloadPhase>())}.";

    public static bool TryKind(string? word, out WorkloadKind? kind)
    {
        var ok = TryList<WorkloadKind>(word, out var kinds);
        kind = kinds.Count == 0 ? null : kinds[0];
        return ok && kinds.Count < 2;
    }

    /// <summary>Comma-separated enum names; empty for null.</summary>
    public static bool TryList<T>(string? words, out IReadOnlyList<T> values) where T : struct, Enum
    {
        var found = new List<T>();
        values = found;
        foreach (var word in (words ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (int.TryParse(word, out _) || !Enum.TryParse<T>(word, ignoreCase: true, out var value)) return false;
            found.Add(value);
        }
        return true;
    }
}
