namespace Portal.Web.Components.Forms;

/// <summary>One option of a segmented choice or a filter.</summary>
/// <param name="Disabled">Shown struck through; say why in <see cref="Reason"/>.</param>
public sealed record Choice<T>(T Value, string Text, bool Disabled = false)
{
    /// <summary>Why it cannot be chosen, on hover and for assistive technology.</summary>
    public string? Reason { get; init; }
}
