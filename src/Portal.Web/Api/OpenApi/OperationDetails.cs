using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;

namespace Portal.Web.Api.OpenApi;

/// <summary>Writes into each operation what its endpoint says of itself: words, examples, headers, who may call.</summary>
internal sealed class OperationDetails(IOptions<JsonOptions> json) : IOpenApiOperationTransformer
{
    private readonly JsonSerializerOptions _json = json.Value.SerializerOptions;

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        DescribeParameters(operation, metadata);
        if (metadata.OfType<JsonBody>().LastOrDefault() is { } body && operation.RequestBody?.Content is { } content)
            foreach (var media in content.Values) media.Example = Given(body.Example);
        InOrder(operation);
        foreach (var (code, answer) in operation.Responses ?? []) DescribeAnswer(int.Parse(code, CultureInfo.InvariantCulture), (OpenApiResponse)answer, metadata);
        operation.Security = SecurityOf(metadata, context.Document!);
        return Task.CompletedTask;
    }

    private static void DescribeParameters(OpenApiOperation operation, IList<object> metadata)
    {
        foreach (var parameter in (operation.Parameters ?? []).OfType<OpenApiParameter>())
            parameter.Description ??= metadata.OfType<ParameterMeaning>().LastOrDefault(m => m.Name == parameter.Name)?.Words ?? ParameterWords.Common.GetValueOrDefault(parameter.Name ?? "");
        foreach (var header in metadata.OfType<RequestHeader>())
            (operation.Parameters ??= []).Add(new OpenApiParameter { Name = header.Name, In = ParameterLocation.Header, Description = header.Words, Schema = new OpenApiSchema { Type = JsonSchemaType.String } });
    }

    private void DescribeAnswer(int status, OpenApiResponse answer, IList<object> metadata)
    {
        var words = metadata.OfType<AnswerWords>().LastOrDefault(w => w.Status == status)?.Words;
        answer.Description = words ?? (status >= 400 ? Problem.When(status) : answer.Description);
        var example = metadata.OfType<AnswerExample>().LastOrDefault(e => e.Status == status)?.Value ?? (status >= 400 ? Problem.Example(status) : null);
        if (example is not null)
            foreach (var media in (answer.Content ?? new Dictionary<string, OpenApiMediaType>()).Values) media.Example = example is Problem ? Given(example) : Node(example);
        foreach (var header in metadata.OfType<AnswerHeader>().Where(h => h.Status == status)) AddHeader(answer, header.Name, header.Words);
        if (status == StatusCodes.Status429TooManyRequests) AddHeader(answer, "Retry-After", "Seconds to wait.");
    }

    // The group's errors come first otherwise.
    private static void InOrder(OpenApiOperation operation)
    {
        var answers = new OpenApiResponses();
        foreach (var (code, answer) in (operation.Responses ?? []).OrderBy(r => r.Key, StringComparer.Ordinal)) answers[code] = answer;
        operation.Responses = answers;
    }

    private static void AddHeader(OpenApiResponse answer, string name, string words) =>
        (answer.Headers ??= new Dictionary<string, IOpenApiHeader>())[name] = new OpenApiHeader { Description = words, Schema = new OpenApiSchema { Type = JsonSchemaType.String } };

    private static List<OpenApiSecurityRequirement> SecurityOf(IList<object> metadata, OpenApiDocument document)
    {
        var needed = new List<OpenApiSecurityRequirement>();
        if (metadata.OfType<IAuthorizeData>().Any()) needed.Add(new() { [new OpenApiSecuritySchemeReference(PortalOpenApi.Bearer, document)] = [] });
        if (metadata.OfType<TakesBasic>().Any()) needed.Add(new() { [new OpenApiSecuritySchemeReference(PortalOpenApi.Basic, document)] = [] });
        return needed;
    }

    /// <summary>Without the fields that are left out.</summary>
    private JsonNode? Given(object example) => Node(example) is JsonObject all ? new JsonObject(all.Where(f => f.Value is not null).Select(f => KeyValuePair.Create(f.Key, f.Value?.DeepClone()))) : null;

    private JsonNode? Node(object example) => JsonSerializer.SerializeToNode(example, example.GetType(), _json);
}
