using Hangfire.Server;
using Portal.Application.Telemetry;

namespace Portal.Web.Hosting;

/// <summary>Measures how long a job waited for a worker.</summary>
internal sealed class PickUpLag(PortalMeters meters, TimeProvider time) : IServerFilter
{
    public void OnPerforming(PerformingContext context) => meters.Begun(time.GetUtcNow().UtcDateTime - context.BackgroundJob.CreatedAt);

    public void OnPerformed(PerformedContext context)
    {
        // Its own duration is measured where it works.
    }
}
