using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Portal.Application.Notifications;
using Portal.Domain.Notifications;

namespace Portal.Application.Hosting;

/// <summary>Carries notifications out of the portal. E-mail and webhooks go their own ways, besides the reconciler's jobs: neither a slow mail server nor a slow receiver holds up anything else. Every minute it tells of ends that come near.</summary>
public sealed partial class NotificationPost(DeliverNotifications deliver, WarnOfEnds warn, TimeProvider time, ILogger<NotificationPost> logger) : BackgroundService
{
    // Receivers that let the portal wait are few; so many of them together may.
    private const int WebhooksAtOnce = 4;

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WarnEvery = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(
    [
        RepeatAsync(LookEvery, token => DeliverAsync(NotificationChannel.Email, token), stoppingToken),
        .. Enumerable.Range(0, WebhooksAtOnce).Select(_ => RepeatAsync(LookEvery, token => DeliverAsync(NotificationChannel.Webhook, token), stoppingToken)),
        RepeatAsync(WarnEvery, warn.ExecuteAsync, stoppingToken),
    ]);

    private async Task DeliverAsync(NotificationChannel channel, CancellationToken cancellationToken)
    {
        while (await deliver.ExecuteAsync(channel, cancellationToken)) { }
    }

    private async Task RepeatAsync(TimeSpan every, Func<CancellationToken, Task> work, CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(every, time);
        try
        {
            do
            {
                try
                {
                    await work(stoppingToken);
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(logger, exception.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Shutting down.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Carrying notifications failed ({Reason}); it is tried again")]
    private static partial void LogFailed(ILogger logger, string reason);
}
