namespace Portal.Domain.Catalog;

/// <summary>Finds the name a person probably meant, so that every "unknown …" message can offer it.</summary>
public static class NearestName
{
    private const int LongestCompared = 64;

    /// <summary>The candidate with the fewest edits (swaps of neighbours count as one), ignoring case; null when none is close.</summary>
    public static string? Of(string name, IEnumerable<string> candidates)
    {
        var (best, bestDistance) = ((string?)null, int.MaxValue);
        foreach (var candidate in candidates)
        {
            var distance = Distance(name, candidate);
            if (distance < bestDistance)
                (best, bestDistance) = (candidate, distance);
        }
        return best is not null && bestDistance <= Math.Max(2, Math.Max(name.Length, best.Length) * 2 / 5) ? best : null;
    }

    /// <summary><c> Did you mean "x"?</c> with a leading space, or nothing.</summary>
    public static string Hint(string name, IEnumerable<string> candidates) => Of(name, candidates) is { } near ? $" Did you mean \"{near}\"?" : "";

    private static int Distance(string left, string right)
    {
        if (left.Length > LongestCompared || right.Length > LongestCompared)
            return int.MaxValue;
        left = left.ToLowerInvariant();
        right = right.ToLowerInvariant();
        var rows = new int[left.Length + 1, right.Length + 1];
        for (var i = 0; i <= left.Length; i++)
            rows[i, 0] = i;
        for (var j = 0; j <= right.Length; j++)
            rows[0, j] = j;
        for (var i = 1; i <= left.Length; i++)
            for (var j = 1; j <= right.Length; j++)
            {
                var change = left[i - 1] == right[j - 1] ? 0 : 1;
                rows[i, j] = Math.Min(Math.Min(rows[i - 1, j] + 1, rows[i, j - 1] + 1), rows[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
                    rows[i, j] = Math.Min(rows[i, j], rows[i - 2, j - 2] + 1);
            }
        // A beginning ("param" for "parameter") is as near as two slips, however long the rest.
        var beginning = Math.Min(left.Length, right.Length) >= 3 && (left.StartsWith(right, StringComparison.Ordinal) || right.StartsWith(left, StringComparison.Ordinal));
        return beginning ? Math.Min(2, rows[left.Length, right.Length]) : rows[left.Length, right.Length];
    }
}
