using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Portal.Domain.Catalog;

/// <summary>
/// Replaces <c>{{ name }}</c> in commands, environment values, images, folders and ready paths. One pass: what is inserted is never looked at again, so text a person typed
/// is never a template, and nothing is quoted, trimmed or normalised: it arrives byte for byte.
/// </summary>
public static partial class DeploymentRenderer
{
    /// <summary>Renders a deployment. Item and values must have been validated; an unknown name, or a secret where others can read it, is a broken invariant and throws.</summary>
    public static RenderedDeployment Render(ItemSpec item, DeploymentSpec deployment, ParameterValues values, RenderPlaces places)
    {
        var declared = item.Parameters.ToDictionary(p => p.Name, StringComparer.Ordinal);
        if (ContainerPort(item, deployment, new Scope(declared, values, places)) is { } port) places = places with { Port = port };
        var scope = new Scope(declared, values, places);
        var files = item.Files.Where(f => f.Value.Parameter is not null)
            .ToDictionary(f => f.Key, f => Encoding.UTF8.GetBytes(scope.Text(f.Value.Parameter!)), StringComparer.Ordinal);
        var ready = item.Ports.Count == 0 ? null : scope.Replace(item.Ports[0].Ready.Path, secrets: false);
        return new RenderedDeployment(scope.Expand(deployment.Command), Environment(item, deployment, scope), files, ready)
        {
            Image = deployment.Image is null ? null : scope.Replace(deployment.Image, secrets: false),
            Args = scope.Expand(deployment.Args),
            WorkingDir = deployment.WorkingDir is { } folder && scope.Replace(folder, secrets: false) is { Length: > 0 } dir ? dir : null,
            Port = places.Port,
            CheckpointCommand = item.Checkpoint.Command is null ? null : scope.Expand(item.Checkpoint.Command),
        };
    }

    /// <summary>The item's folders with their sizes and mount paths as the parameters have them; a mount path is null where the target chooses.</summary>
    public static IReadOnlyList<StorageSpec> Storage(ItemSpec item, ParameterValues values)
    {
        var scope = new Scope(item.Parameters.ToDictionary(p => p.Name, StringComparer.Ordinal), values, new RenderPlaces(null, "", "", "", "", "", ""));
        return [.. item.Storage.Select(s => s with
        {
            SizeGib = s.SizeParameter is { } size && int.TryParse(scope.Text(size), NumberStyles.None, CultureInfo.InvariantCulture, out var gib) ? gib : s.SizeGib,
            MountPath = s.MountPath is { } path && scope.Replace(path, secrets: false) is { Length: > 0 } mount ? mount : null,
        })];
    }

    /// <summary>How many copies run as the parameters have it; where one has no value, or none that is a number yet, one.</summary>
    public static ReplicaRange Replicas(DeploymentSpec deployment, ParameterValues values)
    {
        if (deployment.Replicas is not { } replicas) return ReplicaRange.One;
        int Number(string name) => values.ByName.TryGetValue(name, out var value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) ? Math.Max(1, number) : 1;
        return new ReplicaRange(Number(replicas.Least), Math.Max(Number(replicas.Least), Number(replicas.Most)));
    }

    /// <summary>The names used in a template text, such as <c>parameters.steps</c>.</summary>
    public static IEnumerable<string> NamesIn(string template) => Template().Matches(template).Select(m => m.Groups[1].Value);

    /// <summary>The parameters used in a template text, by name.</summary>
    public static IEnumerable<string> ParametersIn(string template) => NamesIn(template).Select(ParameterName).OfType<string>();

    /// <summary>The parameter that a command element consists of and nothing else, or null: such an element becomes several when the parameter is a list.</summary>
    public static string? WholeElementParameter(string element)
    {
        var match = Template().Match(element);
        return match.Success && match.Length == element.Length ? ParameterName(match.Groups[1].Value) : null;
    }

    /// <summary>True when the text holds <c>{{</c> that does not begin a template: somebody meant one and wrote it wrong.</summary>
    public static bool HasMalformedTemplate(string text) => text.Contains("{{", StringComparison.Ordinal) && Template().Replace(text, "\0").Contains("{{", StringComparison.Ordinal);

    /// <summary>Null where the target gives the port: on the portal's host always.</summary>
    private static int? ContainerPort(ItemSpec item, DeploymentSpec deployment, Scope scope) =>
        deployment.Image is not null && item.Ports is [{ ContainerPort: { } template }, ..] && int.TryParse(scope.Replace(template, secrets: false), NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : null;

    /// <summary>What the item sets wins over maps people fill in: nobody can replace, say, the token that guards a notebook. What one deployment sets wins over what all have.</summary>
    private static Dictionary<string, string> Environment(ItemSpec item, DeploymentSpec deployment, Scope scope)
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in item.EnvironmentFrom)
            foreach (var entry in scope.Map(name).Where(e => !EnvironmentNames.IsReserved(e.Name)))
                environment[entry.Name] = entry.Value.GetString() ?? "";
        foreach (var (name, template) in item.Environment.Concat(deployment.Environment).Where(e => !EnvironmentNames.IsReserved(e.Key)))
            environment[name] = scope.Replace(template, secrets: true);
        return environment;
    }

    private static string? ParameterName(string name) => name.StartsWith("parameters.", StringComparison.Ordinal) ? name["parameters.".Length..] : null;

    [GeneratedRegex(@"\{\{\s*([A-Za-z][A-Za-z0-9_.\-]*)\s*\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Template();

    /// <summary>What names stand for during one rendering.</summary>
    private sealed record Scope(Dictionary<string, ParameterSpec> Declared, ParameterValues Values, RenderPlaces Places)
    {
        public List<string> Expand(IEnumerable<string> command) => [.. command.SelectMany(ExpandElement)];

        public string Replace(string template, bool secrets) => Template().Replace(template, match => Value(match.Groups[1].Value, secrets));

        public string Text(string name) => Values.ByName.TryGetValue(name, out var value) ? AsText(name, value) : "";

        public IEnumerable<JsonProperty> Map(string name) =>
            Values.ByName.TryGetValue(name, out var map) && map.ValueKind == JsonValueKind.Object ? map.EnumerateObject() : Enumerable.Empty<JsonProperty>();

        private IEnumerable<string> ExpandElement(string element)
        {
            if (WholeElementParameter(element) is not { } name || !Declared.TryGetValue(name, out var spec) || spec.Type != ParameterType.StringList)
                return [Replace(element, secrets: false)];
            return Values.ByName.TryGetValue(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Select(e => e.GetString() ?? "") : [];
        }

        private string Value(string name, bool secrets) => name switch
        {
            "port" => Places.Port?.ToString(CultureInfo.InvariantCulture) ?? "",
            "basePath" => Places.BasePath,
            "files" => Places.Files,
            "work" => Places.Work,
            "artifacts" => Places.Artifacts,
            "checkpoint" => Places.Checkpoint,
            "run.artifacts" => Places.RunArtifacts,
            "credential" when secrets => Places.Credential,
            _ when ParameterName(name) is { } parameter && Declared.TryGetValue(parameter, out var spec) && (secrets || !spec.Secret) => Text(parameter),
            _ => throw new InvalidOperationException($"Template name '{name}' is not known here."),
        };

        private static string AsText(string name, JsonElement value) => value.ValueKind switch
        {
            JsonValueKind.String => value.GetString() ?? "",
            JsonValueKind.Null or JsonValueKind.Undefined => "",
            JsonValueKind.Array or JsonValueKind.Object => throw new InvalidOperationException($"Parameter '{name}' is a list or a map and cannot stand inside text."),
            _ => value.GetRawText(),
        };
    }
}
