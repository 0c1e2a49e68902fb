using Portal.Application.Settings;
using Portal.Web.Api.OpenApi;

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
            return await settings.ListAsync(actor, context.RequestAborted) is { } rows ? Results.Json(Lists.Items(rows)) : ApiProblems.Forbidden("Settings are for administrators and auditors.");
        }).Describes("listSettings", ApiTags.Administration, "Settings that can be changed while the portal runs, with who changed them", "Needs the role Admin or Auditor.").Answers(200, Lists.Items([Example]));
        api.MapPut("/settings/{key}", async (HttpContext context, string key, PortalSettings settings) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            if (actor is null) return refusal!;
            var (body, _, wrong) = await RequestBody.ReadAsync<SettingRequest>(context);
            if (body is null) return wrong!;
            if (body.Value is null) return ApiProblems.Invalid("value", "Give the value as text.");
            return await settings.ChangeAsync(key, body.Value, actor, context.RequestAborted) switch
            {
                SettingOutcome.Saved => Results.Json((await settings.ListAsync(actor, context.RequestAborted))!.Single(s => s.Key == key)),
                SettingOutcome.Invalid invalid => ApiProblems.Invalid("value", invalid.Message),
                SettingOutcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
                _ => ApiProblems.NotFound($"There is no setting '{key}'."),
            };
        }).Describes("changeSetting", ApiTags.Administration, "Changes a setting", "Needs the role Admin. In force on every replica within seconds.").Explains("key", "One of the listed keys.")
            .Takes(new SettingRequest("PT20M")).Answers(200, Example).Refuses(404);
    }

    private static SettingRow Example { get; } = new("idle.warning", "Warn before an idle stop", "On the workload's page and by the bell; at most half of the rule's own time.", "a duration from PT1M to PT4H", "PT20M", "PT10M", "Sam", new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero));
}

/// <summary>A change of one setting.</summary>
/// <param name="Value">As text, in the form that the setting allows.</param>
public sealed record SettingRequest(string? Value);
