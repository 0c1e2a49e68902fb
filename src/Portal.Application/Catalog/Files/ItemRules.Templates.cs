using System.Text.RegularExpressions;
using Portal.Domain.Catalog;

namespace Portal.Application.Catalog.Files;

internal sealed partial class ItemRules
{
    private static readonly string[] PlaceNames = ["basePath", "files", "work", "artifacts", "checkpoint"];
    private readonly HashSet<string> used = new(StringComparer.Ordinal);

    private enum Spot { Command, Environment, ReadyPath, Folder, ImageTag }

    private void CheckTemplates()
    {
        foreach (var deployment in item.Deployments)
        {
            var path = Root / "deployments" / deployment.Target;
            CheckCommand(deployment.Command, path / "command");
            CheckElements(deployment.Args, path / "args");
            foreach (var (name, value) in deployment.Environment)
                CheckTemplate(value, Spot.Environment, path / "environment" / name);
            if (deployment.WorkingDir is { } folder)
                CheckTemplate(folder, Spot.Folder, path / "workingDir");
            if (deployment.Image is { } image)
                CheckImage(image, path / "image");
        }
        CheckPlaces();
        CheckCommand(item.Checkpoint.Command ?? [], Root / "checkpoint" / "command");
        foreach (var (name, value) in item.Environment)
            CheckTemplate(value, Spot.Environment, Root / "environment" / name);
        for (var i = 0; i < item.Ports.Count; i++)
            CheckTemplate(item.Ports[i].Ready.Path, Spot.ReadyPath, (Root / "ports")[i] / "ready" / "path");
        CheckNoTemplates(log.Root!, Root);
    }

    private void CheckCommand(IReadOnlyList<string> command, NodePath path)
    {
        CheckElements(command, path);
        if (command.Count > 0 && command[0].Length == 0 && !log.Has(path[0]))
            Refuse(path[0], "The first element is the program to run and must not be empty.");
    }

    private void CheckElements(IReadOnlyList<string> elements, NodePath path)
    {
        for (var i = 0; i < elements.Count; i++)
            CheckTemplate(elements[i], Spot.Command, path[i]);
    }

    private void CheckImage(string image, NodePath path)
    {
        if (WholeImageParameter(image) is { } whole)
        {
            used.Add(whole.Name);
            if (whole.Type != ParameterType.String)
                Refuse(path, $"\"{whole.Name}\" is of type {ParameterWords.Word(whole.Type)}; only a string can be a whole image.");
            return;
        }
        // The tag is what follows the last colon after the last slash; a colon before it belongs to a registry's port.
        var colon = Template().Replace(image, m => new string('x', m.Length)).LastIndexOf(':');
        var tag = colon > image.LastIndexOf('/') ? image[(colon + 1)..] : "";
        if (DeploymentRenderer.NamesIn(image[..^tag.Length]).Any())
            Refuse(path, "In an image only the tag may hold a template: docker.io/library/python:{{ parameters.version }}; or the image is one string parameter and nothing else: \"{{ parameters.image }}\".");
        else
            CheckTemplate(tag, Spot.ImageTag, path);
    }

    private void CheckTemplate(string text, Spot spot, NodePath path)
    {
        if (DeploymentRenderer.HasMalformedTemplate(text))
            Refuse(path, $"{Quoted.Text(text)} holds \"{{{{\" that begins no template. Write {{{{ name }}}} with one name; there are no expressions.");
        foreach (var name in DeploymentRenderer.NamesIn(text).Distinct())
        {
            if (name == "run.artifacts" && item.FindRunParameter() is { } run) used.Add(run.Name);
            var parameter = name.StartsWith("parameters.", StringComparison.Ordinal) ? item.Parameters.FirstOrDefault(p => p.Name == name["parameters.".Length..]) : null;
            if (parameter is not null)
            {
                used.Add(parameter.Name);
                CheckParameterUse(parameter, text, spot, path);
            }
            else if (RefuseName(name, spot) is { } refusal)
                Refuse(path, refusal);
        }
    }

    private string? RefuseName(string name, Spot spot) => name switch
    {
        "credential" when spot == Spot.Environment => null,
        "credential" => "{{ credential }} is a secret and allowed in environment values only: arguments and addresses can be read by others.",
        "port" when item.Ports.Count > 0 => null,
        "port" => "{{ port }} needs a port, and the item declares none: ports: [{name: http}].",
        "run.artifacts" when item.FindRunParameter() is null => "{{ run.artifacts }} needs a parameter of type run.",
        _ when spot == Spot.ImageTag => $"{{{{ {name} }}}} is not allowed in an image tag. Allowed: parameters.",
        _ when PlaceNames.Contains(name) || name == "run.artifacts" => null,
        _ => $"Unknown template name {Quoted.Text(name)}.{NearestName.Hint(name, KnownNames)} Allowed: {string.Join(", ", KnownNames)}.",
    };

    private IEnumerable<string> KnownNames => item.Parameters.Where(p => p.Name.Length > 0).Select(p => $"parameters.{p.Name}").Concat(PlaceNames).Concat(item.FindRunParameter() is null ? [] : ["run.artifacts"]).Concat(item.Ports.Count > 0 ? ["port", "credential"] : ["credential"]);

    private bool IsKnownName(string name) => KnownNames.Contains(name);

    private void CheckParameterUse(ParameterSpec parameter, string text, Spot spot, NodePath path)
    {
        if (parameter.Secret && spot != Spot.Environment)
            Refuse(path, $"\"{parameter.Name}\" is a secret; secrets are not allowed in {Words(spot)}, which others can read. Put it into environment or files.");
        else if (parameter.Type == ParameterType.Map)
            Refuse(path, $"\"{parameter.Name}\" is a map and cannot stand in {Words(spot)}. Spread it into the environment: environmentFrom: [{parameter.Name}].");
        else if (parameter.Type == ParameterType.StringList && (spot != Spot.Command || DeploymentRenderer.WholeElementParameter(text) is null))
            Refuse(path, $"\"{parameter.Name}\" is a stringList: in a command it must be an element of its own, \"{{{{ parameters.{parameter.Name} }}}}\", and becomes one element for each text; elsewhere it is not allowed.");
        else if (spot == Spot.ImageTag && parameter.Type is not (ParameterType.Enum or ParameterType.Integer) && parameter.Constraints.Pattern is null)
            Refuse(path, $"\"{parameter.Name}\" in an image tag must be an enum, an integer, or text with a pattern: not every text is a tag.");
    }

    private static string Words(Spot spot) => spot switch
    {
        Spot.Command => "a command",
        Spot.ReadyPath => "a ready path",
        Spot.Folder => "a folder",
        Spot.ImageTag => "an image tag",
        _ => "an environment value",
    };

    /// <summary>Somebody who writes a template where none is looked for expects it to be replaced; prose and defaults may speak about them.</summary>
    private void CheckNoTemplates(Node node, NodePath path)
    {
        switch (node)
        {
            case ScalarNode scalar when DeploymentRenderer.NamesIn(scalar.Text).Any() && !MayHoldTemplate(path.Text) && !log.Has(path):
                Refuse(path, "Templates are not allowed here. They are replaced in elements of command and args, environment values, ready.path, containerPort, mountPath, workingDir and images only.");
                break;
            case ListNode list:
                for (var i = 0; i < list.Items.Count; i++)
                    CheckNoTemplates(list.Items[i], path[i]);
                break;
            case MapNode map:
                foreach (var entry in map.Entries)
                    if (DeploymentRenderer.NamesIn(entry.Key.Text).Any() && !log.Has(path / entry.Key.Text))
                        Refuse(path / entry.Key.Text, "Templates are not allowed in names.");
                    else
                        CheckNoTemplates(entry.Value, path / entry.Key.Text);
                break;
        }
    }

    private static bool MayHoldTemplate(string path) => TemplatePlaces().IsMatch(path);

    [GeneratedRegex(@"\A(description|notes|parameters\[\d+\]\.(help|default)(\W.*)?|environment[.\[].*|ports\[\d+\]\.(ready\.path|containerPort)|storage\[\d+\]\.mountPath|checkpoint\.command\[\d+\]|deployments\.\w+\.((command|args)\[\d+\]|environment[.\[].*|workingDir|image))\z", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex TemplatePlaces();

    [GeneratedRegex(@"\{\{.*?\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Template();
}
