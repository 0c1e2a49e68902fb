using System.Text.Json.Serialization;
using Portal.Application;
using Portal.Application.Access;
using Portal.Domain.Access;
using Portal.Web.Access;
using Portal.Web.Api.OpenApi;
using Portal.Web.Api.Reference;

namespace Portal.Web.Api;

/// <summary>The REST API, version 1. Every call does what a page does, by the same use case.</summary>
internal static class PortalApi
{
    public static IServiceCollection AddPortalApi(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(options =>
        {
            options.SerializerOptions.Converters.Add(new JsonStringEnumConverter());
            options.SerializerOptions.Converters.Add(new IsoDurationConverter());
            // Numbers are never text, so the document does not offer it.
            options.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            options.SerializerOptions.Encoder = PortalJson.Options.Encoder;
        });
        return services.AddApiRate().AddPortalOpenApi().AddSingleton<ApiReferenceReader>();
    }

    public static void MapPortalApi(this IEndpointRouteBuilder routes)
    {
        var api = routes.MapGroup("/api/v1").RequireAuthorization().RequireRateLimiting(ApiRate.Policy).RefusesStrangers().RefusesNul();
        api.MapMe();
        api.MapNotifications();
        api.MapCatalog();
        api.MapWorkloads();
        api.MapWorkloadParts();
        api.MapCosts();
        api.MapTokens();
        api.MapPeople();
        api.MapTargets();
        api.MapSettings();
        api.MapPolicies();
        api.MapApprovals();
        api.MapGrants();
        api.MapAudit();
        api.MapLimits();
        api.MapBudgets();
        api.MapDecisionTimes();
        api.MapDiscovery();
        routes.MapCatalogSchema();
        routes.MapPortalOpenApi();
        routes.Map("/api/{**rest}", () => ApiProblems.NotFound("There is nothing at this address.")).AllowAnonymous().ExcludeFromDescription();
    }

    /// <summary>The actor of a request, or the answer that refuses it.</summary>
    /// <param name="needed">Asked before the request is read any further.</param>
    public static async Task<(Actor? Actor, IResult? Refusal)> ActorOfAsync(this HttpContext context, PortalAction needed = PortalAction.Read)
    {
        var actors = context.RequestServices.GetRequiredService<ActorDirectory>();
        var actor = await CurrentActor.OfAsync(actors, context.User, context.RequestAborted);
        if (actor is null) return (null, Results.StatusCode(StatusCodes.Status401Unauthorized));
        if ((actor.Refusal(PortalAction.Read) ?? actor.Refusal(needed)) is { } refusal) return (null, ApiProblems.Forbidden(refusal));
        return (actor with { Source = CircuitSource.Of(context) }, null);
    }
}
