using Portal.Web.Components.Values;

namespace Portal.Web.Components.Progress;

/// <summary>One attempt on the common time axis of <see cref="AttemptBars"/>.</summary>
/// <param name="Title"><c>Attempt 1</c>.</param>
/// <param name="Detail">Where it ran and its price.</param>
public sealed record AttemptBar(string Title, string? Detail, IReadOnlyList<AttemptPart> Parts)
{
    /// <summary>At the right end, such as the attempt's cost.</summary>
    public string? Value { get; init; }
}

/// <summary>A stretch of an attempt.</summary>
/// <param name="Tone">Waiting: starting; Running; Spot: interruption; Failed; Stopped.</param>
/// <param name="End">Null while it goes on.</param>
public sealed record AttemptPart(Tone Tone, DateTimeOffset Start, DateTimeOffset? End, string? Text = null);
