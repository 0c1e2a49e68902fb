using Portal.Web.Components.Values;

namespace Portal.Web.Components.Progress;

/// <summary>One event of a timeline.</summary>
/// <param name="Event">In bold: <c>Ready, attempt 2</c>.</param>
/// <param name="Detail">Muted after it: <c>97 s after it was placed</c>.</param>
public sealed record TimelineItem(string Key, DateTimeOffset At, string Event, string? Detail = null, Tone Tone = Tone.Stopped);
