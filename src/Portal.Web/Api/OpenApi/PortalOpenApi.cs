using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Portal.Web.Api.OpenApi;

/// <summary>The OpenAPI document, made from the endpoints themselves: <c>/openapi/v1.json</c>.</summary>
internal static class PortalOpenApi
{
    public const string Version = "v1";
    public const string Bearer = "bearer";
    public const string Basic = "basic";

    /// <summary>Paths besides <c>/api/v1</c> that are part of the contract.</summary>
    private static readonly HashSet<string> Besides = ["healthz", "readyz", "metrics"];

    public static IServiceCollection AddPortalOpenApi(this IServiceCollection services) => services.AddOpenApi(Version, options =>
    {
        options.ShouldInclude = call => call.RelativePath is { } path && (path.StartsWith("api/v1/", StringComparison.Ordinal) || Besides.Contains(path));
        options.AddOperationTransformer<OperationDetails>();
        options.AddSchemaTransformer<SchemaDetails>();
        options.AddDocumentTransformer((document, _, _) => Describe(document));
    });

    /// <summary>The document tells no secret: whoever wants to generate a client may read it.</summary>
    public static void MapPortalOpenApi(this IEndpointRouteBuilder routes) => routes.MapOpenApi().AllowAnonymous();

    private static Task Describe(OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Portal API",
            Version = Version,
            Description = """
                Everything a person can do on a page can be done here, by the same use case and under the same rights.

                JSON is camelCase; enums are words; instants are RFC 3339 in UTC; durations are ISO 8601 (`PT8H`); money is a decimal number in the `currency` named beside it; ids are UUIDs.
                Errors are `application/problem+json` (RFC 9457). A field that is not known is an error, not ignored. Fields may be added to answers at any time; none is taken away.
                """,
        };
        document.Tags = Tags.Select(t => new OpenApiTag { Name = t.Key, Description = t.Value }).ToHashSet();
        (document.Components ??= new()).SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http, Scheme = "bearer", BearerFormat = "ptl_…",
                Description = "A personal access token, made under Account or with POST /api/v1/tokens. Its scopes (read, launch, approve, admin) narrow what its person may do.",
            },
            [Basic] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "basic", Description = "E-mail and password of a local account; only to make a token." },
        };
        return Task.CompletedTask;
    }

    /// <summary>Groups of operations, in the order in which they are shown.</summary>
    public static IReadOnlyDictionary<string, string> Tags { get; } = new Dictionary<string, string>
    {
        [ApiTags.Catalog] = "What can be launched, on what hardware, at what price.",
        [ApiTags.Workloads] = "Launch, find, change and end workloads.",
        [ApiTags.Runs] = "What a workload did and left: timeline, attempts, logs, metrics, usage, files.",
        [ApiTags.Costs] = "What was spent, by whom and on what.",
        [ApiTags.Account] = "Who you are, and your access tokens.",
        [ApiTags.Approvals] = "Ask, decide, stand in for somebody; what is restricted and who has access.",
        [ApiTags.People] = "People and teams.",
        [ApiTags.Administration] = "Policies, restrictions, the audit trail, compute targets and the portal's own settings.",
        [ApiTags.Health] = "For probes and monitoring; needs no token.",
    };
}

/// <summary>Names of the groups.</summary>
internal static class ApiTags
{
    public const string Catalog = "Catalog";
    public const string Workloads = "Workloads";
    public const string Runs = "Inside a workload";
    public const string Costs = "Costs";
    public const string Account = "Account";
    public const string Approvals = "Approvals";
    public const string People = "People and teams";
    public const string Administration = "Administration";
    public const string Health = "Health";
}
