using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Portal.Web.Api.OpenApi;

/// <summary>What the generator cannot know of the portal's types.</summary>
internal sealed class SchemaDetails : IOpenApiSchemaTransformer
{
    public Task TransformAsync(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var type = context.JsonTypeInfo.Type;
        if ((Nullable.GetUnderlyingType(type) ?? type) == typeof(TimeSpan)) DescribeDuration(schema, type != typeof(TimeSpan));
        // What must be given may be left out in C#, so that the answer to that names the field in words.
        foreach (var property in context.JsonTypeInfo.Properties.Where(p => p.AttributeProvider?.IsDefined(typeof(RequiredAttribute), true) == true))
            if (schema.Properties is { } known && known.TryGetValue(property.Name, out var value) && value is OpenApiSchema own) own.Type &= ~JsonSchemaType.Null;
        return Task.CompletedTask;
    }

    private static void DescribeDuration(OpenApiSchema schema, bool nullable)
    {
        schema.Type = nullable ? JsonSchemaType.String | JsonSchemaType.Null : JsonSchemaType.String;
        schema.Format = "duration";
        schema.Description ??= "ISO 8601 duration of days, hours, minutes and seconds, such as PT8H.";
    }
}
