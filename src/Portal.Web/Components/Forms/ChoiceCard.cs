namespace Portal.Web.Components.Forms;

/// <summary>One card of <see cref="ChoiceCards{T}"/>.</summary>
/// <param name="Detail">What it is: <c>4 vCPU · 16 GiB · GPU 22 GiB</c>.</param>
/// <param name="Consequence">What choosing it means: <c>$0.61/h · about 7 h 19 m</c>.</param>
public sealed record ChoiceCard<T>(T Value, string Title, string? Detail = null, string? Consequence = null)
{
    public bool Disabled { get; init; }

    /// <summary>Why it cannot be chosen, or what it needs.</summary>
    public string? Reason { get; init; }
}
