using Portal.Domain.Catalog;

namespace Portal.Application.Catalog.Files;

internal sealed partial class ItemRules
{
    private void CheckFiles()
    {
        var names = item.Files.Keys.ToList();
        foreach (var (name, source) in item.Files)
        {
            var path = Root / "files" / name;
            if (ShippedFiles.RefuseName(name) is { } refusal)
                Refuse(path, $"The file name {Quoted.Text(name)} {refusal}.");
            else if (names.FirstOrDefault(n => n.StartsWith(name + "/", StringComparison.Ordinal)) is { } below)
                Refuse(path, $"\"{name}\" cannot be a file and the folder of \"{below}\" at once.");
            if (source.Parameter is { Length: > 0 } parameter && !log.Has(path))
                CheckFileParameter(parameter, path / "parameter");
        }
    }

    private void CheckFileParameter(string name, NodePath path)
    {
        var texts = item.Parameters.Where(p => p.Type is not (ParameterType.StringList or ParameterType.Map)).Select(p => p.Name).ToList();
        if (texts.Contains(name))
            return;
        Refuse(path, item.Parameters.Any(p => p.Name == name)
            ? $"\"{name}\" is a list or a map; a file is written from a single value, such as a text parameter."
            : $"There is no parameter {Quoted.Text(name)}.{NearestName.Hint(name, texts)} Allowed: {string.Join(", ", texts)}.");
    }

    /// <summary>A field that changes nothing misleads whoever fills it in.</summary>
    private void CheckUse()
    {
        used.UnionWith(item.EnvironmentFrom);
        used.UnionWith(item.Files.Values.Select(f => f.Parameter).OfType<string>());
        for (var i = 0; i < item.Parameters.Count; i++)
            if (item.Parameters[i].Name is { Length: > 0 } name && !used.Contains(name))
                log.Warn((Root / "parameters")[i], $"No deployment uses the parameter \"{name}\": whatever people enter changes nothing.");
        foreach (var local in item.Deployments.Where(d => d.Target == "local" && d.Command.Count > 0))
            if (local.Command[0] is { Length: > 0 } program && !program.Contains('/', StringComparison.Ordinal) && !program.Contains("{{", StringComparison.Ordinal) && !local.Requires.Contains(program))
                log.Warn(Root / "deployments" / "local" / "requires", $"The command starts \"{program}\", which requires does not name: where it is missing, people learn it only after the launch.");
    }

    /// <summary>Every published version must render on every target with its defaults. Parameters without one are left empty.</summary>
    private void CheckRendering()
    {
        var (values, errors) = ParameterValidation.Validate(item with { Parameters = [.. item.Parameters.Select(p => p with { Required = false, DefaultJson = p.DefaultJson ?? Stand(p) })] }, null);
        foreach (var (key, messages) in errors)
            Refuse(PlaceOf(key), $"With its defaults the item cannot be launched: {string.Join("; ", messages)}.");
        if (errors.Count > 0)
            return;
        var places = new RenderPlaces(item.Ports.Count > 0 ? 8888 : null, "/w/0/", "/portal/files", "/portal/work", "/portal/artifacts", "/portal/checkpoint", "credential") { RunArtifacts = "/portal/run" };
        foreach (var deployment in item.Deployments)
        {
            var rendered = DeploymentRenderer.Render(item, deployment, values, places);
            var path = Root / "deployments" / deployment.Target;
            if (rendered.Command.Count == 0 ? deployment.Target != "kubernetes" : rendered.Command[0].Length == 0)
                Refuse(path / "command", "With the defaults there is no program to run: the first element is empty.");
            if (rendered.ReadyPath is { } ready && !(ready.Length == 0 && deployment.Image is not null) && !ready.StartsWith('/'))
                Refuse((Root / "ports")[0] / "ready" / "path", $"Must begin with / once rendered; with the defaults it is {Quoted.Text(ready)}.");
            if (rendered.Image is { } image && !ImageReference.IsOne(image))
                Refuse(path / "image", $"With the defaults this is not a container image: {Quoted.Text(image)}.");
        }
    }

    /// <summary>An image that people must name has no default to render with.</summary>
    private string? Stand(ParameterSpec parameter) => item.Deployments.Any(d => d.Image is { } image && WholeImageParameter(image) == parameter) ? "\"example.org/image:1\"" : null;

    private NodePath PlaceOf(string key)
    {
        var index = item.Parameters.ToList().FindIndex(p => key == $"parameters.{p.Name}");
        return index < 0 ? Root / "parameters" : (Root / "parameters")[index];
    }
}
