using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Api;

/// <summary>A refusal in the API's own form.</summary>
internal sealed class ApiException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    /// <summary>HTTP status code.</summary>
    public int Code { get; } = code;

    /// <summary>The machine's word: <c>NotFound</c>, <c>Invalid</c>…; empty where the server gives none.</summary>
    public string Reason { get; } = reason;

    /// <summary>Seconds for the Retry-After header, or null.</summary>
    public int? RetryAfter => (int?)details?["retryAfterSeconds"];

    /// <summary>The <c>Status</c> object.</summary>
    public JsonObject ToStatus()
    {
        var status = new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Failure", ["message"] = Message };
        if (Reason.Length > 0)
            status["reason"] = Reason;
        if (details is not null)
            status["details"] = details.DeepClone();
        status["code"] = Code;
        return status;
    }

    public static ApiException NotFound(ResourceType type, string name) => new(404, "NotFound", $"{type.GroupResource} \"{name}\" not found", Details(type, name));

    public static ApiException NoSuchPath() => new(404, "NotFound", "the server could not find the requested resource", []);

    public static ApiException AlreadyExists(ResourceType type, string name) => new(409, "AlreadyExists", $"{type.GroupResource} \"{name}\" already exists", Details(type, name));

    public static ApiException Conflict(ResourceType type, string name, string problem) => new(409, "Conflict", $"Operation cannot be fulfilled on {type.GroupResource} \"{name}\": {problem}", Details(type, name));

    public static ApiException Modified(ResourceType type, string name) => Conflict(type, name, "the object has been modified; please apply your changes to the latest version and try again");

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static ApiException Expired(string message) => new(410, "Expired", message);

    public static ApiException MethodNotAllowed() => new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", []);

    public static ApiException UnsupportedMediaType(string given, string accepted) =>
        new(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {accepted}", new JsonObject { ["causes"] = new JsonArray(), ["given"] = given });

    public static ApiException Internal(string message) => new(500, "InternalError", $"Internal error occurred: {message}", new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["message"] = message }) });

    /// <summary>A failure without a reason, as the server answers for errors that it does not classify.</summary>
    public static ApiException Unclassified(string message) => new(500, "", message);

    public static ApiException TooManyRequests(string message, int retryAfter) => new(429, "TooManyRequests", message, new JsonObject { ["retryAfterSeconds"] = retryAfter });

    public static ApiException Unavailable(string message) => new(503, "ServiceUnavailable", message);

    /// <param name="problem">What follows <c>is forbidden: </c>.</param>
    public static ApiException Forbidden(ResourceType type, string name, string problem, JsonObject? cause = null)
    {
        var details = Details(type, name);
        if (cause is not null)
            details["causes"] = new JsonArray(cause);
        return new(403, "Forbidden", (name.Length == 0 ? type.GroupResource : $"{type.GroupResource} \"{name}\"") + $" is forbidden: {problem}", details);
    }

    /// <summary>Validation errors; the object's kind is named with its group.</summary>
    public static ApiException Invalid(string group, string kind, string name, IReadOnlyCollection<FieldProblem> problems)
    {
        var details = new JsonObject { ["name"] = name, ["kind"] = kind, ["causes"] = new JsonArray([.. problems.Select(p => p.ToCause())]) };
        if (name.Length == 0)
            details.Remove("name");
        if (group.Length > 0)
            details["group"] = group;
        var all = problems.Select(p => p.ToString()).Distinct().ToList();
        var title = group.Length > 0 ? $"{kind}.{group}" : kind;
        return new(422, "Invalid", $"{title} \"{name}\" is invalid: {(all.Count == 1 ? all[0] : $"[{string.Join(", ", all)}]")}", details);
    }

    private static JsonObject Details(ResourceType type, string name)
    {
        var details = new JsonObject();
        if (name.Length > 0)
            details["name"] = name;
        if (type.Group.Length > 0)
            details["group"] = type.Group;
        details["kind"] = type.Plural;
        return details;
    }
}
