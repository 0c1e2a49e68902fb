using Hangfire;
using Portal.Application.Hosting;
using Portal.Application.Workloads;

namespace Portal.Web.Hosting;

/// <summary>The length of Hangfire's queue of reconciles.</summary>
internal sealed class HangfireBacklog(JobStorage jobs) : IReconcileBacklog
{
    public long Waiting => jobs.GetMonitoringApi().EnqueuedCount(ReconcileRequests.Queue);
}
