using Portal.Application.Settings;

namespace Portal.Web.Api;

/// <summary>Settings that administrators change while the portal runs.</summary>
internal static class SettingsApi
{
    public static void MapSettings(this IEndpointRouteBuilder api)
    {
        api.MapGet("/settings", async (HttpContext context, PortalSettings settings) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            return await settings.ListAsync(actor, context.RequestAborted) is { } rows ? Results.Json(new SettingList(rows)) : ApiProblems.Forbidden("Settings are for administrators and auditors.");
        });
        api.MapPut("/settings/{key}", async (HttpContext context, string key, PortalSettings settings) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            var (body, _, wrong) = await RequestBody.ReadAsync<SettingBody>(context);
            if (body is null) return wrong!;
            if (body.Value is null) return ApiProblems.Invalid("value", "Give the value as text.");
            return await settings.ChangeAsync(key, body.Value, actor, context.RequestAborted) switch
            {
                SettingOutcome.Saved => Results.Json((await settings.ListAsync(actor, context.RequestAborted))!.Single(s => s.Key == key)),
                SettingOutcome.Invalid invalid => ApiProblems.Invalid("value", invalid.Message),
                SettingOutcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
                _ => ApiProblems.NotFound($"There is no setting '{key}'."),
            };
        });
    }

    /// <summary>All settings.</summary>
    public sealed record SettingList(IReadOnlyList<SettingRow> Items);

    /// <summary>A change of one setting.</summary>
    public sealed record SettingBody(string? Value);
}
