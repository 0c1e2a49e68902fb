namespace Portal.Web.Components.Values;

/// <summary>A failure class as a word in a sentence: <c>OutOfMemory</c> reads "out of memory".</summary>
public static class FailureName
{
    public static string Of(string failure) => string.Concat(failure.Select((c, i) => i > 0 && char.IsUpper(c) ? " " + char.ToLowerInvariant(c) : char.ToLowerInvariant(c).ToString()));
}
