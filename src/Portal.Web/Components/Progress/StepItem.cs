namespace Portal.Web.Components.Progress;

/// <summary>Where a step stands.</summary>
public enum StepState { Pending, Current, Done, Failed }

/// <summary>One named step of something long.</summary>
/// <param name="Sentence">What it did, does or will do.</param>
public sealed record StepItem(string Name, StepState State, string? Sentence = null)
{
    /// <summary>How long it took; for the current step leave it out and give <see cref="StartedAt"/>.</summary>
    public TimeSpan? Duration { get; init; }

    /// <summary>Counts live while the step is current.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>How far the current step is, 0–1; null when unknown.</summary>
    public double? Progress { get; init; }
}
