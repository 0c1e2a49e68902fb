using Portal.Domain.Notifications;

namespace Portal.Application.Notifications;

/// <summary>A notification on its way out of the portal.</summary>
/// <param name="Id">Of the delivery: the same at every attempt, so that receivers can drop what they have had.</param>
/// <param name="Link">A path of the portal.</param>
public sealed record Message(Guid Id, NotificationKind Kind, string Title, string? Text, string Link, DateTimeOffset At);

/// <summary>How an attempt ended.</summary>
/// <param name="Error">Why it failed, without secrets; null: it was taken.</param>
/// <param name="Final">Trying again would be answered the same.</param>
public sealed record Sent(string? Error, bool Final = false)
{
    public static Sent Well { get; } = new((string?)null);
}
