using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Portal.Domain.Catalog;

/// <summary>Replaces <c>{{ name }}</c> in commands, environment values and ready paths. One pass: what is inserted is never looked at again, so text a person typed is never a template.</summary>
public static partial class DeploymentRenderer
{
    /// <summary>Renders a deployment. Values must have been validated; an unknown template name is a broken invariant and throws.</summary>
    public static RenderedDeployment Render(ItemSpec item, DeploymentSpec deployment, ParameterValues values, RenderPlaces places)
    {
        var command = deployment.Command.SelectMany(element => Expand(element, values, places)).ToList();
        var environment = item.Environment.ToDictionary(e => e.Key, e => Replace(e.Value, values, places));
        foreach (var name in item.EnvironmentFrom)
            if (values.ByName.TryGetValue(name, out var map) && map.ValueKind == JsonValueKind.Object)
                foreach (var entry in map.EnumerateObject().Where(e => !e.Name.StartsWith("PORTAL_", StringComparison.Ordinal)))
                    environment[entry.Name] = entry.Value.GetString() ?? "";
        var files = item.Files.Where(f => f.Value.Parameter is not null)
            .ToDictionary(f => f.Key, f => Encoding.UTF8.GetBytes(Text(values, f.Value.Parameter!)));
        var ready = item.Ports.Count == 0 ? null : Replace(item.Ports[0].Ready.Path, values, places);
        return new RenderedDeployment(command, environment, files, ready);
    }

    /// <summary>The names used in a template text, such as <c>parameters.steps</c>.</summary>
    public static IEnumerable<string> NamesIn(string template) => Template().Matches(template).Select(m => m.Groups[1].Value);

    private static IEnumerable<string> Expand(string element, ParameterValues values, RenderPlaces places)
    {
        var match = Template().Match(element);
        if (match.Success && match.Length == element.Length && ParameterName(match.Groups[1].Value) is { } name
            && values.ByName.TryGetValue(name, out var list) && list.ValueKind == JsonValueKind.Array)
            return list.EnumerateArray().Select(e => e.GetString() ?? "");
        return [Replace(element, values, places)];
    }

    private static string Replace(string template, ParameterValues values, RenderPlaces places) =>
        Template().Replace(template, match => match.Groups[1].Value switch
        {
            "port" => places.Port?.ToString(CultureInfo.InvariantCulture) ?? "",
            "basePath" => places.BasePath,
            "files" => places.Files,
            "work" => places.Work,
            "artifacts" => places.Artifacts,
            "checkpoint" => places.Checkpoint,
            "credential" => places.Credential,
            var other when ParameterName(other) is { } name => Text(values, name),
            var other => throw new InvalidOperationException($"Template name '{other}' is not known."),
        });

    private static string? ParameterName(string name) => name.StartsWith("parameters.", StringComparison.Ordinal) ? name["parameters.".Length..] : null;

    private static string Text(ParameterValues values, string name) => !values.ByName.TryGetValue(name, out var value) ? "" : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString() ?? "",
        JsonValueKind.Null or JsonValueKind.Undefined => "",
        _ => value.GetRawText(),
    };

    [GeneratedRegex(@"\{\{\s*([A-Za-z][A-Za-z0-9_.\-]*)\s*\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Template();
}
