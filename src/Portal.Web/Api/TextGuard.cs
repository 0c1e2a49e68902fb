namespace Portal.Web.Api;

/// <summary>Turns away addresses with NUL, which no text in the database can have; bodies are looked at where they are read.</summary>
internal static class TextGuard
{
    public static RouteGroupBuilder RefusesNul(this RouteGroupBuilder group) => group.AddEndpointFilter(async (context, next) =>
        FieldWithNul(context.HttpContext.Request) is { } field ? ApiProblems.Invalid(field, "Must not contain NUL.") : await next(context));

    private static string? FieldWithNul(HttpRequest request)
    {
        foreach (var (name, values) in request.Query) if (name.Contains('\0', StringComparison.Ordinal) || values.Any(HasNul)) return name.Replace("\0", "", StringComparison.Ordinal);
        foreach (var (name, value) in request.RouteValues) if (HasNul(value as string)) return name;
        return null;
    }

    private static bool HasNul(string? text) => text?.Contains('\0', StringComparison.Ordinal) == true;
}
