namespace Portal.Web.Api.OpenApi;

/// <summary>How endpoints say what they are: all of it ends up in the OpenAPI document, and a test holds every endpoint to it.</summary>
internal static class DescribedEndpoints
{
    public const string Problems = "application/problem+json";

    /// <summary>Name, place and purpose. <paramref name="operationId"/> is the method's name in generated clients: verb and noun, camelCase, never changed.</summary>
    public static RouteHandlerBuilder Describes(this RouteHandlerBuilder endpoint, string operationId, string tag, string summary, string? description = null)
    {
        endpoint.WithName(operationId).WithTags(tag).WithSummary(summary);
        return description is null ? endpoint : endpoint.WithDescription(description);
    }

    /// <summary>Reads a JSON body such as <paramref name="example"/>.</summary>
    public static RouteHandlerBuilder Takes<T>(this RouteHandlerBuilder endpoint, T example) where T : class =>
        endpoint.WithMetadata(new JsonBody(typeof(T), example)).Refuses(400).Refuses(415);

    /// <summary>Answers JSON such as <paramref name="example"/>.</summary>
    public static RouteHandlerBuilder Answers<T>(this RouteHandlerBuilder endpoint, int status, T example, string contentType = "application/json") where T : notnull =>
        endpoint.Produces<T>(status, contentType).WithMetadata(new AnswerExample(status, example));

    /// <summary>Answers text of one or several kinds.</summary>
    public static RouteHandlerBuilder AnswersText(this RouteHandlerBuilder endpoint, int status, string example, string contentType, params string[] others) =>
        endpoint.Produces<string>(status, contentType, others).WithMetadata(new AnswerExample(status, example));

    /// <summary>Answers without a body.</summary>
    public static RouteHandlerBuilder AnswersNothing(this RouteHandlerBuilder endpoint, int status = StatusCodes.Status204NoContent) => endpoint.Produces(status);

    /// <summary>May answer this error; <paramref name="when"/> says when, where the status alone does not.</summary>
    public static RouteHandlerBuilder Refuses(this RouteHandlerBuilder endpoint, int status, string? when = null)
    {
        endpoint.Produces<Problem>(status, Problems);
        return when is null ? endpoint : endpoint.WithMetadata(new AnswerWords(status, when));
    }

    /// <summary>What every call of a group may answer: nobody known, a right missing, the database away.</summary>
    public static RouteGroupBuilder RefusesStrangers(this RouteGroupBuilder group) => group.WithMetadata([.. new[] { 401, 403, 429, 503 }.Select(status => new ProducesResponseTypeMetadata(status, typeof(Problem), [Problems]))]);

    /// <summary>Honours <c>Idempotency-Key</c>.</summary>
    public static RouteHandlerBuilder OncePerKey(this RouteHandlerBuilder endpoint) => endpoint.WithMetadata(new RequestHeader(Idempotency.Header,
        "Your own name for this request, at most 200 characters. The same key and body within 24 hours get the first answer; the same key with another body is refused with 409."));

    /// <summary>Honours <c>If-Match</c>.</summary>
    public static RouteHandlerBuilder IfUnchanged(this RouteHandlerBuilder endpoint) =>
        endpoint.WithMetadata(new RequestHeader("If-Match", "The ETag you last read. Nothing is changed when the resource has changed since.")).Refuses(412);

    /// <summary>Sends a header with an answer.</summary>
    public static RouteHandlerBuilder Sends(this RouteHandlerBuilder endpoint, int status, string header, string words) => endpoint.WithMetadata(new AnswerHeader(status, header, words));

    /// <summary>Says what a parameter means here.</summary>
    public static RouteHandlerBuilder Explains(this RouteHandlerBuilder endpoint, string parameter, string words) => endpoint.WithMetadata(new ParameterMeaning(parameter, words));
}
