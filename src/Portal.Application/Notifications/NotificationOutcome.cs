namespace Portal.Application.Notifications;

/// <summary>What became of a wish about notifications.</summary>
public abstract record NotificationOutcome
{
    private NotificationOutcome() { }

    /// <param name="Secret">The webhook's signing key, when one was made; shown once.</param>
    public sealed record Done(string? Secret = null) : NotificationOutcome;

    public sealed record NotFound : NotificationOutcome;

    public sealed record Forbidden(string Reason) : NotificationOutcome;

    public sealed record Conflict(string Reason) : NotificationOutcome;

    public sealed record Invalid(IReadOnlyDictionary<string, string[]> Errors) : NotificationOutcome;

    internal static Forbidden ReadOnly { get; } = new("This token may only read; changing needs the scope 'launch'.");

    internal static Invalid Wrong(string field, string message) => new(new Dictionary<string, string[]> { [field] = [message] });
}
