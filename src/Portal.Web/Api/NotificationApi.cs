using Portal.Application;
using Portal.Application.Notifications;
using Portal.Domain.Access;
using Portal.Domain.Notifications;
using Portal.Web.Api.Examples;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Api;

/// <summary>The caller's notifications, how they reach them, and what did not arrive.</summary>
internal static class NotificationApi
{
    public static void MapNotifications(this IEndpointRouteBuilder api)
    {
        api.MapGet("/me/notifications", ListAsync).Describes("listNotifications", ApiTags.Account, "Your notifications, newest first").Explains("unread", "true: only those you have not read.").Answers(200, NotificationExamples.Notifications).Refuses(400);
        api.MapPost("/me/notifications/read", ReadAsync).Describes("readNotifications", ApiTags.Account, "Marks notifications as read", "Needs the scope launch. Safe to repeat; ids of others' are passed over.").Takes(NotificationExamples.Read).Answers(200, NotificationExamples.Marked).Refuses(400);
        api.MapGet("/me/notification-choices", async (HttpContext context, NotificationQueries queries) =>
        {
            var (actor, refusal) = await context.ActorOfAsync();
            return actor is null ? refusal! : Results.Json(Answer(await queries.WaysAsync(actor, context.RequestAborted)));
        }).Describes("getNotificationChoices", ApiTags.Account, "How each kind of notification reaches you").Answers(200, NotificationExamples.Choices);
        api.MapPut("/me/notification-choices", ChooseAsync).Describes("setNotificationChoices", ApiTags.Account, "Changes how kinds of notifications reach you", "Needs the scope launch. Kinds that are left out stay as they are.").Takes(NotificationExamples.Choose).Answers(200, NotificationExamples.Choices).Refuses(400);
        api.MapPut("/me/webhook", WebhookAsync).Describes("setWebhook", ApiTags.Account, "Sets where your notifications are posted",
            "Needs the scope launch. What is posted is JSON with text (as Slack takes it), kind, title, detail, link, at and id. X-Portal-Signature is v1= and the HMAC-SHA256 in hex, keyed with the secret, of X-Portal-Timestamp, a dot and the body; X-Portal-Delivery is the same at every attempt.")
            .Takes(NotificationExamples.Webhook).Answers(200, NotificationExamples.WebhookSet).Refuses(400);
        api.MapDelete("/me/webhook", async (HttpContext context, RemoveWebhook remove) =>
        {
            var (actor, refusal) = await context.ActorOfAsync(PortalAction.ChooseNotifications);
            return actor is null ? refusal! : await remove.ExecuteAsync(actor, context.RequestAborted) is NotificationOutcome.Done ? Results.NoContent() : ApiProblems.Forbidden("Not with this token.");
        }).Describes("removeWebhook", ApiTags.Account, "Forgets your webhook and its secret", "Needs the scope launch. Safe to repeat.").AnswersNothing();
        api.MapGet("/notification-deliveries", DeliveriesAsync).Describes("listNotificationDeliveries", ApiTags.Administration, "E-mail and webhooks on their way, and those that were given up", "Needs the role Admin.")
            .Explains("state", "waiting, failed or delivered; waiting and failed when left out.").Answers(200, NotificationExamples.Deliveries).Refuses(400);
        api.MapPost("/notification-deliveries/{id:guid}/retry", RetryAsync).Describes("retryNotificationDelivery", ApiTags.Administration, "Has a delivery tried again", "With all its attempts before it. For administrators, and for people whose own it is.").AnswersNothing().Refuses(404).Refuses(409, "It has been delivered, or is being tried now.");
    }

    private static async Task<IResult> ListAsync(HttpContext context, NotificationQueries queries, bool? unread, int? page, int? pageSize)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (Paging(page, pageSize) is { } wrong) return wrong;
        var found = await queries.ListAsync(unread == true, page ?? 1, pageSize ?? 50, actor, context.RequestAborted);
        return Results.Json(new PageAnswer<NotificationAnswer>([.. found.Items.Select(n => new NotificationAnswer(n.Id, n.Kind.ToString(), n.Title, n.Text, n.Link, n.CreatedAt, n.ReadAt))], found.Total, found.Page, found.PageSize));
    }

    private static async Task<IResult> ReadAsync(HttpContext context, MarkNotificationsRead mark)
    {
        var (actor, refusal) = await context.ActorOfAsync(PortalAction.ChooseNotifications);
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<ReadRequest>(context);
        if (body is null) return wrong!;
        if (body.Ids is null == (body.All != true)) return ApiProblems.Invalid("ids", "Either ids, or all: true.");
        if (body.Ids is { Count: > 1000 }) return ApiProblems.Invalid("ids", "At most 1000 at once.");
        return Results.Json(new ReadAnswer(await mark.ExecuteAsync(body.All == true ? null : body.Ids, null, actor, context.RequestAborted)));
    }

    private static async Task<IResult> ChooseAsync(HttpContext context, ChooseNotifications choose, NotificationQueries queries)
    {
        var (actor, refusal) = await context.ActorOfAsync(PortalAction.ChooseNotifications);
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<ChoicesRequest>(context);
        if (body is null) return wrong!;
        var choices = new List<Choice>();
        foreach (var (c, i) in (body.Choices ?? []).Select((c, i) => (c, i)))
        {
            if (!ApiWords.TryList<NotificationKind>(c?.Kind, out var kinds) || kinds.Count != 1) return ApiProblems.Invalid($"choices[{i}].kind", $"Allowed: {string.Join(", ", Enum.GetNames<NotificationKind>())}.");
            if (c is not { InApp: { } inApp, Email: { } email, Webhook: { } webhook }) return ApiProblems.Invalid($"choices[{i}]", "inApp, email and webhook, each true or false.");
            choices.Add(new Choice(kinds[0], inApp, email, webhook));
        }
        return await choose.ExecuteAsync(choices, actor, context.RequestAborted) is NotificationOutcome.Invalid invalid ? ApiProblems.Invalid(invalid.Errors) : Results.Json(Answer(await queries.WaysAsync(actor, context.RequestAborted)));
    }

    private static async Task<IResult> WebhookAsync(HttpContext context, SetWebhook set, NotificationQueries queries)
    {
        var (actor, refusal) = await context.ActorOfAsync(PortalAction.ChooseNotifications);
        if (actor is null) return refusal!;
        var (body, _, wrong) = await RequestBody.ReadAsync<WebhookRequest>(context);
        if (body is null) return wrong!;
        if (body.Url is null && body.RotateSecret != true) return ApiProblems.Invalid("url", "Say where to send to, or rotateSecret: true.");
        context.Response.Headers.CacheControl = "no-store";
        return await set.ExecuteAsync(body.Url, body.RotateSecret == true, actor, context.RequestAborted) switch
        {
            NotificationOutcome.Done done => Results.Json(new WebhookAnswer((await queries.WaysAsync(actor, context.RequestAborted)).WebhookHost!, done.Secret)),
            NotificationOutcome.Invalid invalid => ApiProblems.Invalid(invalid.Errors),
            var other => throw new InvalidOperationException(other.GetType().Name),
        };
    }

    private static async Task<IResult> DeliveriesAsync(HttpContext context, NotificationQueries queries, string? state, int? page, int? pageSize)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        if (!ApiWords.TryList<DeliveryState>(state, out var states) || states.Count > 1) return ApiProblems.Invalid("state", "Allowed: waiting, failed, delivered.");
        if (Paging(page, pageSize) is { } wrong) return wrong;
        if (await queries.DeliveriesAsync(states.Count == 0 ? null : states[0], page ?? 1, pageSize ?? 50, actor, context.RequestAborted) is not { } found) return ApiProblems.Forbidden("Deliveries are for administrators (role Admin, token scope 'admin').");
        return Results.Json(new PageAnswer<DeliveryAnswer>([.. found.Items.Select(d => new DeliveryAnswer(d.Id, d.Channel.ToString(), d.State.ToString(), d.Email, d.Kind.ToString(), d.Title, d.Attempts, d.LastError, d.State == DeliveryState.Waiting ? d.NextAttemptAt : null, d.CreatedAt))], found.Total, found.Page, found.PageSize));
    }

    private static async Task<IResult> RetryAsync(HttpContext context, RetryDelivery retry, Guid id)
    {
        var (actor, refusal) = await context.ActorOfAsync();
        if (actor is null) return refusal!;
        return await retry.ExecuteAsync(id, actor, context.RequestAborted) switch
        {
            NotificationOutcome.Done => Results.NoContent(),
            NotificationOutcome.Forbidden forbidden => ApiProblems.Forbidden(forbidden.Reason),
            NotificationOutcome.Conflict conflict => ApiProblems.Conflict(conflict.Reason),
            _ => ApiProblems.NotFound("There is no such delivery, or it is not yours."),
        };
    }

    private static IResult? Paging(int? page, int? pageSize)
    {
        if (page is < 1 or > 1_000_000) return ApiProblems.Invalid("page", "From 1 to 1000000.");
        return pageSize is < 1 or > PageOf<NotificationRow>.MaxSize ? ApiProblems.Invalid("pageSize", $"From 1 to {PageOf<NotificationRow>.MaxSize}.") : null;
    }

    private static ChoicesAnswer Answer(WaysView ways) => new([.. ways.Choices.Select(c => new ChoiceAnswer(c.Kind.ToString(), c.InApp, c.Email, c.Webhook))], ways.MailIsOn, ways.WebhookHost);
}

/// <summary>Something that concerns you.</summary>
/// <param name="Kind">What it is about, such as ApprovalWaiting.</param>
/// <param name="Text">What else there is to say; null: nothing.</param>
/// <param name="Link">A path of the portal.</param>
/// <param name="ReadAt">Null: unread.</param>
public sealed record NotificationAnswer(Guid Id, string Kind, string Title, string? Text, string Link, DateTimeOffset CreatedAt, DateTimeOffset? ReadAt);

/// <summary>Which to mark.</summary>
/// <param name="Ids">These; or</param>
/// <param name="All">true: all of them.</param>
public sealed record ReadRequest(IReadOnlyList<Guid>? Ids = null, bool? All = null);

/// <summary>How many were unread before.</summary>
public sealed record ReadAnswer(int Marked);

/// <summary>One kind's ways, all three of them.</summary>
public sealed record ChoiceRequest(string? Kind = null, bool? InApp = null, bool? Email = null, bool? Webhook = null);

/// <summary>Changes of choices.</summary>
public sealed record ChoicesRequest(IReadOnlyList<ChoiceRequest>? Choices = null);

/// <summary>How a kind reaches you.</summary>
/// <param name="InApp">By the bell.</param>
public sealed record ChoiceAnswer(string Kind, bool InApp, bool Email, bool Webhook);

/// <summary>Your ways.</summary>
/// <param name="MailIsOn">The portal has a mail server; without one no e-mail is sent.</param>
/// <param name="WebhookHost">Host of your webhook; null: you have none.</param>
public sealed record ChoicesAnswer(IReadOnlyList<ChoiceAnswer> Choices, bool MailIsOn, string? WebhookHost);

/// <summary>Where to post.</summary>
/// <param name="Url">https; may be left out to make a new secret only.</param>
/// <param name="RotateSecret">true: makes a new secret; the old one ends at once.</param>
public sealed record WebhookRequest(string? Url = null, bool? RotateSecret = null);

/// <summary>Your webhook.</summary>
/// <param name="Host">Of its address, which is not shown again.</param>
/// <param name="Secret">When one was made: shown only this once.</param>
public sealed record WebhookAnswer(string Host, string? Secret);

/// <summary>One notification on its way.</summary>
/// <param name="Channel">Email or Webhook.</param>
/// <param name="To">E-mail of the person.</param>
/// <param name="LastError">Why the last attempt failed.</param>
/// <param name="NextAttemptAt">Null when there is none.</param>
public sealed record DeliveryAnswer(Guid Id, string Channel, string State, string To, string Kind, string Title, int Attempts, string? LastError, DateTimeOffset? NextAttemptAt, DateTimeOffset CreatedAt);
