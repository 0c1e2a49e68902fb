using Portal.Application.Access.Approvals;
using System.Text.Json;
using Portal.Application.Catalog;
using Portal.Application.Catalog.Files;
using Portal.Application.Workloads;
using Portal.Domain.Access.Policies;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;
using Portal.Web.Api.Examples;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>Catalog reads and estimates.</summary>
internal static class CatalogApi
{
    public static void MapCatalog(this IEndpointRouteBuilder api)
    {
        api.MapGet("/catalog/categories", async (CatalogQueries catalog, CancellationToken cancellationToken) => Results.Json(Lists.Items(await catalog.CategoriesAsync(cancellationToken))))
            .Describes("listCategories", ApiTags.Catalog, "Categories, with how many items each has").Answers(200, CatalogExamples.Categories);
        api.MapGet("/catalog/items", ListAsync).Describes("listItems", ApiTags.Catalog, "Published items")
            .Explains("category", "Slug of a category.").Explains("kind", "Notebook, TrainingRun, ModelEndpoint or Service.").Explains("target", "Only what can run on this target.")
            .Answers(200, CatalogExamples.Items).Refuses(400);
        api.MapGet("/catalog/items/{slug}", FindAsync).Describes("getItem", ApiTags.Catalog, "One item with its versions, parameters, targets and hardware")
            .Answers(200, CatalogExamples.Item).Refuses(404, "There is no such item.");
        api.MapGet("/hardware", async (CatalogQueries catalog, CancellationToken cancellationToken) =>
            Results.Json(Lists.Items((await catalog.HardwareAsync(cancellationToken)).Select(Hardware))))
            .Describes("listHardware", ApiTags.Catalog, "Hardware profiles with their prices").Answers(200, CatalogExamples.Hardware);
        api.MapPost("/estimates", EstimateAsync).Describes("estimate", ApiTags.Catalog, "Where a launch could run, at what price, and what policies and budget say", "Creates nothing.")
            .Takes(CatalogExamples.Estimate).Answers(200, CatalogExamples.Estimated);
    }

    public static void MapCatalogSchema(this IEndpointRouteBuilder routes) =>
        routes.MapGet(CatalogSchema.Path, () => Results.Text(CatalogSchema.Json, "application/schema+json")).AllowAnonymous();

    private static async Task<IResult> ListAsync(HttpContext context, CatalogQueries catalog, string? category, string? kind, string? q, string? target)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (!ApiWords.TryKind(kind, out var parsed)) return ApiProblems.Invalid("kind", ApiWords.AllowedKinds);
        var items = await catalog.ItemsAsync(category, parsed, q, target, actor, context.RequestAborted);
        return Results.Json(Lists.Whole(items.Select(Card)));
    }

    private static async Task<IResult> FindAsync(HttpContext context, CatalogQueries catalog, string slug)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (await catalog.FindAsync(slug, actor, context.RequestAborted) is not { } item) return ApiProblems.NotFound($"There is no item '{slug}'.");
        return Results.Json(new ItemAnswer(item.Spec.Slug, item.Spec.Name, item.Spec.Kind, item.Spec.Category, item.Spec.Summary, item.Spec.Description, item.Spec.Tags, item.Lifecycle,
            new ItemAccessAnswer(item.Card.IsGranted, item.Card.IsRestricted), [.. item.Versions.Select(v => Version(v, item.Card))]));
    }

    private static async Task<IResult> EstimateAsync(HttpContext context, EstimateLaunch estimate)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<EstimateRequest>(context);
        if (body is null) return wrong!;
        if (string.IsNullOrEmpty(body.Item)) return ApiProblems.Invalid("item", "Say which catalog item.");
        var request = new LaunchRequest { Item = body.Item, Version = body.Version, Hardware = body.Hardware, Target = body.Target, Capacity = body.Capacity, Parameters = body.Parameters, Team = body.Team, Lifetime = body.Lifetime };
        return await estimate.ExecuteAsync(request, actor, context.RequestAborted) switch
        {
            EstimateLaunch.Outcome.Estimated estimated => Results.Json(new EstimateAnswer([.. estimated.Offers.Select(Offer)], Decision(estimated.Ruling), estimated.Budget is { } budget ? new BudgetStateAnswer(budget.Amount, budget.Spent, budget.Forecast, estimated.LeftAfter ?? budget.Left) : null)),
            EstimateLaunch.Outcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
            EstimateLaunch.Outcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
    }

    private static DecisionAnswer Decision(LaunchRuling? ruling) => ruling switch
    {
        LaunchRuling.NeedsApproval needs => new DecisionAnswer("requireApproval", needs.Verdict.Rule.Name, [.. needs.Verdict.Rule.Steps.Select(PolicyWords.Who)], needs.Verdict.Why),
        LaunchRuling.Denied denied => new DecisionAnswer("deny", denied.Rule, [], denied.Reason),
        LaunchRuling.Locked locked => new DecisionAnswer("deny", null, [], locked.Reason),
        LaunchRuling.Allowed allowed => new DecisionAnswer("allow", allowed.PolicyNumber == 0 ? null : allowed.Verdict.Rule.Name, [], null),
        _ => new DecisionAnswer("allow", null, [], null),
    };

    private static ItemSummary Card(ItemCard c) => new(
        c.Slug, c.Name, c.Kind, c.Category, c.Summary, c.Tags, c.Version, ItemLifecycle.Published, new ItemAccessAnswer(c.IsGranted, c.IsRestricted), c.FromPrice.HourlyPrice, c.FromPrice.Currency, [.. c.Targets.Select(Place)]);

    private static ItemTargetAnswer Place(ItemTarget t) => new(t.Target, t.Available, t.Reason);

    private static ItemVersionAnswer Version(PublishedVersion v, ItemCard card) => new(v.Version, v.PublishedAt, v.Spec.Notes, [.. v.Spec.Parameters.Select(Parameter)],
        [.. v.Spec.Deployments.Select(d => card.Targets.FirstOrDefault(t => t.Kind == d.Target) is { } t ? Place(t) : new ItemTargetAnswer(d.Target, false, $"No target of kind '{d.Target}' is registered."))], v.Spec.Hardware);

    private static HardwareAnswer Hardware(PricedHardware h) => new(
        h.Spec.Slug, h.Spec.Name, h.Spec.Vcpu, h.Spec.MemoryGib, h.Spec.Gpu, h.Spec.DiskGib, h.Spec.Restricted, h.Quote.HourlyPrice, h.Quote.MonthlyPrice, h.Quote.Currency);

    private static ItemParameterAnswer Parameter(ParameterSpec p) => new(
        p.Name, JsonNamingPolicy.CamelCase.ConvertName(p.Type.ToString()), p.Label ?? p.Name, p.Help,
        p.DefaultJson is null || p.Secret ? null : JsonSerializer.Deserialize<JsonElement>(p.DefaultJson), p.Required, p.Constraints, p.Secret, p.UserFacing, p.Group);

    private static OfferAnswer Offer(PricedOffer o) => new(
        o.Offer.Target, o.Offer.Region, o.Offer.Zone, o.Offer.InstanceType, o.Offer.Capacity.ToWord(), o.Quote.HourlyPrice, o.Quote.MonthlyPrice, o.Quote.Currency, o.Quote.Saving, o.Available, o.Reason);
}
