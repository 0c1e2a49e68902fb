using Microsoft.Extensions.Options;
using Portal.Application.Workloads;
using Portal.Domain.Workloads;
using Portal.Web.Hosting;

namespace Portal.Web.Api;

/// <summary>Tells Prometheus what there is to scrape (its HTTP service discovery).</summary>
internal static class DiscoveryApi
{
    public static void MapDiscovery(this IEndpointRouteBuilder api) => api.MapGet("/discovery/prometheus", async (HttpContext context, WorkloadQueries workloads, IOptions<PortalOptions> options) =>
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var filter = new WorkloadFilter { Phases = [WorkloadPhase.Running], Kinds = [WorkloadKind.ModelEndpoint, WorkloadKind.Service], PageSize = 200 };
        var groups = new List<TargetGroup>();
        for (var page = 1; ; page++)
        {
            var list = await workloads.ListAsync(filter with { Page = page }, actor, context.RequestAborted);
            groups.AddRange(list.Items.Where(w => w.HasPort && w.MayOpen).Select(w => Group(w, options.Value)));
            if (page * list.PageSize >= list.Total) return Results.Json(groups);
        }
    });

    private static TargetGroup Group(WorkloadRow w, PortalOptions options)
    {
        var origin = new Uri(options.AppsOrigin(w.Id));
        // Names below localhost are for browsers; a token is taken on any host.
        var address = origin.Host.EndsWith(".localhost", StringComparison.Ordinal) ? $"localhost:{origin.Port}" : origin.Authority;
        return new TargetGroup([address], new Dictionary<string, string>
        {
            ["__scheme__"] = origin.Scheme, ["__metrics_path__"] = $"/w/{w.Id}/metrics", ["workload"] = w.Name, ["team"] = w.Team, ["item"] = w.ItemSlug, ["kind"] = w.Kind.ToString(),
        });
    }

    /// <summary>A group of scrape targets with common labels.</summary>
    public sealed record TargetGroup(IReadOnlyList<string> Targets, IReadOnlyDictionary<string, string> Labels);
}
