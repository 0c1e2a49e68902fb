using System.Text.Json;
using Portal.Application.Catalog;
using Portal.Application.Catalog.Files;
using Portal.Application.Workloads;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Web.Api;

/// <summary>Catalog reads and estimates.</summary>
internal static class CatalogApi
{
    public static void MapCatalog(this IEndpointRouteBuilder api)
    {
        api.MapGet("/catalog/categories", async (CatalogQueries catalog, CancellationToken cancellationToken) => Results.Json(new { items = await catalog.CategoriesAsync(cancellationToken) }));
        api.MapGet("/catalog/items", ListAsync);
        api.MapGet("/catalog/items/{slug}", FindAsync);
        api.MapGet("/hardware", async (CatalogQueries catalog, CancellationToken cancellationToken) =>
            Results.Json(new { items = (await catalog.HardwareAsync(cancellationToken)).Select(Hardware) }));
        api.MapPost("/estimates", EstimateAsync);
    }

    public static void MapCatalogSchema(this IEndpointRouteBuilder routes) =>
        routes.MapGet(CatalogSchema.Path, () => Results.Text(CatalogSchema.Json, "application/schema+json")).AllowAnonymous();

    private static async Task<IResult> ListAsync(HttpContext context, CatalogQueries catalog, string? category, string? kind, string? q, string? target)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (!ApiWords.TryKind(kind, out var parsed)) return ApiProblems.Invalid("kind", ApiWords.AllowedKinds);
        var items = await catalog.ItemsAsync(category, parsed, q, target, actor, context.RequestAborted);
        return Results.Json(new { items = items.Select(Card), total = items.Count, page = 1, pageSize = items.Count });
    }

    private static async Task<IResult> FindAsync(HttpContext context, CatalogQueries catalog, string slug)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (await catalog.FindAsync(slug, actor, context.RequestAborted) is not { } item) return ApiProblems.NotFound($"There is no item '{slug}'.");
        return Results.Json(new
        {
            item.Spec.Slug, item.Spec.Name, item.Spec.Kind, item.Spec.Category, item.Spec.Summary, item.Spec.Description, item.Spec.Tags, item.Lifecycle,
            access = new { granted = true, restricted = false },
            versions = item.Versions.Select(v => new
            {
                v.Version,
                v.PublishedAt,
                v.Spec.Notes,
                parameters = v.Spec.Parameters.Select(Parameter),
                targets = v.Spec.Deployments.Select(d => item.Card.Targets.FirstOrDefault(t => t.Kind == d.Target) is { } t
                    ? new { t.Target, t.Available, t.Reason } : new { d.Target, Available = false, Reason = (string?)$"No target of kind '{d.Target}' is registered." }),
                v.Spec.Hardware,
            }),
        });
    }

    private static async Task<IResult> EstimateAsync(HttpContext context, EstimateLaunch estimate)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<EstimateBody>(context);
        if (body is null) return wrong!;
        if (string.IsNullOrEmpty(body.Item)) return ApiProblems.Invalid("item", "Say which catalog item.");
        var request = new LaunchRequest { Item = body.Item, Version = body.Version, Hardware = body.Hardware, Target = body.Target, Capacity = body.Capacity, Parameters = body.Parameters, Team = body.Team };
        return await estimate.ExecuteAsync(request, actor, context.RequestAborted) switch
        {
            EstimateLaunch.Outcome.Estimated estimated => Results.Json(new
            {
                offers = estimated.Offers.Select(o => new
                {
                    o.Offer.Target, o.Offer.Region, o.Offer.Zone, o.Offer.InstanceType, capacityType = o.Offer.Capacity.ToWord(), o.Quote.HourlyPrice, o.Quote.MonthlyPrice, o.Quote.Currency, o.Quote.Saving, o.Available, o.Reason,
                }),
                decision = new { outcome = "allow", policy = (string?)null, approvers = Array.Empty<string>() },
                budget = (object?)null,
            }),
            EstimateLaunch.Outcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
            EstimateLaunch.Outcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
    }

    private static object Card(ItemCard c) => new
    {
        c.Slug, c.Name, c.Kind, c.Category, c.Summary, c.Tags, c.Version, lifecycle = ItemLifecycle.Published, access = new { granted = true, restricted = false },
        fromHourlyPrice = c.FromPrice.HourlyPrice, c.FromPrice.Currency, targets = c.Targets.Select(t => new { t.Target, t.Available, t.Reason }),
    };

    private static object Hardware(PricedHardware h) => new { h.Spec.Slug, h.Spec.Name, h.Spec.Vcpu, h.Spec.MemoryGib, h.Spec.Gpu, h.Spec.DiskGib, h.Spec.Restricted, h.Quote.HourlyPrice, h.Quote.MonthlyPrice, h.Quote.Currency };

    private static object Parameter(ParameterSpec p) => new
    {
        p.Name, type = JsonNamingPolicy.CamelCase.ConvertName(p.Type.ToString()), label = p.Label ?? p.Name, p.Help,
        @default = p.DefaultJson is null || p.Secret ? (JsonElement?)null : JsonSerializer.Deserialize<JsonElement>(p.DefaultJson), p.Required, p.Constraints, p.Secret, p.UserFacing, p.Group,
    };

    private sealed record EstimateBody(string? Item, string? Version, string? Hardware, string? Target, string? Capacity, JsonElement? Parameters, string? Team);
}
