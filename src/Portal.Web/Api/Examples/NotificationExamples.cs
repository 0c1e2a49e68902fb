namespace Portal.Web.Api.Examples;

/// <summary>Notifications as the OpenAPI document shows them.</summary>
internal static class NotificationExamples
{
    private static readonly DateTimeOffset At = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);
    private static readonly Guid Id = new("0197a1d0-5555-7c3a-9f10-2d4e6f8a0b1c");

    public static PageAnswer<NotificationAnswer> Notifications { get; } =
        new([new NotificationAnswer(Id, "ApprovalWaiting", "Lena asks to launch “lora-support-intent”", "“Retrain before Friday's release.” Decide by 2026-03-03 09:00 UTC.", "/approvals?id=0197a1d0-1111-7c3a-9f10-2d4e6f8a0b1c", At, null)], 1, 1, 50);

    public static ReadRequest Read { get; } = new([Id]);

    public static ReadAnswer Marked { get; } = new(1);

    public static ChoicesRequest Choose { get; } = new([new ChoiceRequest("WorkloadStopped", true, true, false)]);

    public static ChoicesAnswer Choices { get; } = new([new ChoiceAnswer("WorkloadStopped", true, true, false)], true, "hooks.example.org");

    public static WebhookRequest Webhook { get; } = new("https://hooks.example.org/services/T0/B0/x");

    public static WebhookAnswer WebhookSet { get; } = new("hooks.example.org", "whk_" + new string('0', 64));

    public static PageAnswer<DeliveryAnswer> Deliveries { get; } =
        new([new DeliveryAnswer(Id, "Email", "Failed", "max@example.org", "ApprovalWaiting", "Lena asks to launch “lora-support-intent”", 1, "The mail server refused the recipient: 550 No such user.", null, At)], 1, 1, 50);
}
