namespace Portal.Web.Api.OpenApi;

/// <summary>An error: RFC 9457, <c>application/problem+json</c>.</summary>
/// <param name="Type">Always <c>about:blank</c>: the status says the kind.</param>
/// <param name="Title">The kind of error in words.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What is wrong this time and what to do about it.</param>
/// <param name="TraceId">Names this request in the portal's log; empty when nothing was traced.</param>
/// <param name="Errors">For invalid input: the path of each wrong field, what is wrong with it and what is allowed.</param>
public sealed record Problem(string Type, string Title, int Status, string Detail, string TraceId, IReadOnlyDictionary<string, IReadOnlyList<string>>? Errors = null)
{
    private const string AnyTrace = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static readonly Dictionary<int, (string When, Problem Example)> Kinds = new()
    {
        [400] = ("Invalid input. errors names each wrong field and what is allowed.", Of(400, "Invalid request", "hardware: Allowed: cpu-tiny, cpu-small.", new Dictionary<string, IReadOnlyList<string>> { ["hardware"] = ["Allowed: cpu-tiny, cpu-small."] })),
        [401] = ("No token, or one that is unknown, expired or revoked.", Of(401, "Not signed in", "Send 'Authorization: Bearer ptl_…'. Tokens are made under Account, or with POST /api/v1/tokens.")),
        [403] = ("A right is missing; detail says which.", Of(403, "Not allowed", "This token may only read; this call needs the scope 'launch'. Make a token with it under Account.")),
        [404] = ("There is no such thing, or none that you may know of.", Of(404, "Not found", "There is no workload 0197a1c2-5b7e-7c3a-9f10-2d4e6f8a0b1c that you may see.")),
        [409] = ("It cannot be done in the present state.", Of(409, "Conflict", "A workload of this team is called 'tiny-regression' already.")),
        [412] = ("It has changed since the ETag in If-Match was read.", Of(412, "Changed meanwhile", "The workload has changed since you read it. Read it again.")),
        [415] = ("The body is not JSON.", Of(415, "Unsupported media type", "Send JSON with Content-Type: application/json.")),
        [422] = ("A policy or a budget refuses it; detail names the rule.", Of(422, "Refused", "The policy 'gpu-needs-approval' refuses it.")),
        [428] = ("If-Match is missing.", Of(428, "Precondition required", "Send If-Match with the ETag you last read.")),
        [429] = ("Too many at once; Retry-After says for how many seconds to wait.", Of(429, "Too many requests", "You call faster than the portal lets one person call. Go on in 1 s.")),
        [503] = ("The database or a compute target cannot be reached now.", Of(503, "Database unavailable", "The portal cannot reach its database now. Running workloads go on; try again in a moment.")),
    };

    /// <summary>When the API answers this status, in general.</summary>
    public static string When(int status) => Kinds.TryGetValue(status, out var kind) ? kind.When : $"Status {status}.";

    /// <summary>A document of this status as it may look.</summary>
    public static Problem Example(int status) => Kinds.TryGetValue(status, out var kind) ? kind.Example : Of(status, "Error", $"Status {status}.");

    private static Problem Of(int status, string title, string detail, IReadOnlyDictionary<string, IReadOnlyList<string>>? errors = null) => new("about:blank", title, status, detail, AnyTrace, errors);
}
