using System.Globalization;
using Portal.Application.Workloads;
using Portal.Domain.Workloads;
using Portal.Web.Hosting;

namespace Portal.Web.Api;

/// <summary>Workloads as the API shows them.</summary>
internal static class WorkloadJson
{
    public static string ETag(WorkloadDetail found) => $"\"{found.RowVersion.ToString(CultureInfo.InvariantCulture)}\"";

    public static WorkloadSummary Of(WorkloadRow w, PortalOptions options) => new(
        w.Id, w.Name, w.Kind, w.ItemSlug, w.Version, w.OwnerEmail, w.Team, w.Desired, w.Phase, w.PhaseReason, w.Target, w.Capacity.ToWord(), w.Hardware,
        UrlOf(w, options), w.HourlyPrice, w.CostToDate, w.Currency, w.CreatedAt, w.StartedAt, w.ReadyAt, w.EndedAt, w.ExpiresAt, w.Failure, w.ExitCode, w.Attempt);

    public static WorkloadAnswer Of(WorkloadDetail d, PortalOptions options)
    {
        var w = d.Row;
        return new WorkloadAnswer(
            w.Id, w.Name, w.Kind, w.ItemSlug, w.Version, w.OwnerEmail, w.Team, w.Desired, w.Phase, w.PhaseReason, w.PhaseSince, w.Target, w.Capacity.ToWord(), w.Hardware,
            d.Parameters, d.SecretParameters, UrlOf(w, options),
            d.Live is null ? null : Of(d.Live), w.HourlyPrice, d.ListHourlyPrice, w.CostToDate, w.Currency, w.CreatedAt, w.StartedAt, w.ReadyAt, w.EndedAt, w.ExpiresAt,
            d.Lifetime, d.IdleTimeout, d.Tags, d.LaunchReason, w.Failure, w.ExitCode, w.Attempt, d.LogTail,
            new ActivityAnswer(w.Activity.At, w.Activity.What, w.Activity.IdleStopAt, w.Activity.ProbedAt, w.Activity.Problem));
    }

    public static AllocationAnswer Of(AllocationRow a) => new(
        a.Id, a.Attempt, a.Target, a.Region, a.Zone, a.InstanceType, a.Capacity.ToWord(), a.ResourceId, a.CreatedAt, a.StartedAt, a.ReadyAt, a.EndedAt, a.ExitCode, a.Failure,
        a.EndReason, a.HourlyPrice, a.ListHourlyPrice, a.Cost, a.Currency, a.Node);

    /// <summary>Where a browser opens it; null for runs.</summary>
    public static string? UrlOf(WorkloadRow w, PortalOptions options) => w.HasPort ? $"{options.AppsOrigin(w.Id)}/w/{w.Id}/" : null;
}
