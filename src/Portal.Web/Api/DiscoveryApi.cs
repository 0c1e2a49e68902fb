using Microsoft.Extensions.Options;
using Portal.Application.Workloads;
using Portal.Domain.Workloads;
using Portal.Web.Api.OpenApi;
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
        var groups = new List<ScrapeGroup>();
        for (var page = 1; ; page++)
        {
            var list = await workloads.ListAsync(filter with { Page = page }, actor, context.RequestAborted);
            groups.AddRange(list.Items.Where(w => w.HasPort && w.MayOpen).Select(w => Group(w, options.Value)));
            if (page * list.PageSize >= list.Total) return Results.Json(groups);
        }
    }).Describes("discoverForPrometheus", ApiTags.Runs, "Running endpoints and services that you may open, for Prometheus' HTTP service discovery", "Scrape them with the same token; it needs the scope launch.")
        .Answers(200, new List<ScrapeGroup> { new(["localhost:5081"], new Dictionary<string, string> { ["__metrics_path__"] = "/w/0197a1b3-0a1b-7c2d-8e3f-4a5b6c7d8e9f/metrics", ["workload"] = "tiny-lm" }) });

    private static ScrapeGroup Group(WorkloadRow w, PortalOptions options)
    {
        var origin = new Uri(options.AppsOrigin(w.Id));
        // Names below localhost are for browsers; a token is taken on any host.
        var address = origin.Host.EndsWith(".localhost", StringComparison.Ordinal) ? $"localhost:{origin.Port}" : origin.Authority;
        return new ScrapeGroup([address], new Dictionary<string, string>
        {
            ["__scheme__"] = origin.Scheme, ["__metrics_path__"] = $"/w/{w.Id}/metrics", ["workload"] = w.Name, ["team"] = w.Team, ["item"] = w.ItemSlug, ["kind"] = w.Kind.ToString(),
        });
    }
}

/// <summary>Addresses that share their labels.</summary>
/// <param name="Targets">Host and port.</param>
/// <param name="Labels">Names beginning with __ are for the scraper itself.</param>
public sealed record ScrapeGroup(IReadOnlyList<string> Targets, IReadOnlyDictionary<string, string> Labels);
