using System.Globalization;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Application.Catalog.Files;

internal sealed partial class ItemRules
{
    /// <summary>What only a container can be told: its port, where its folders appear, and how many there are.</summary>
    private void CheckPlaces()
    {
        for (var i = 0; i < item.Ports.Count; i++)
            if (item.Ports[i].ContainerPort is { } port)
                CheckPort(port, (Root / "ports")[i] / "containerPort");
        for (var i = 0; i < item.Storage.Count; i++)
        {
            var path = (Root / "storage")[i];
            if (item.Storage[i] is { Name: "work", MountPath: not null })
                Refuse(path / "mountPath", "The folder \"work\" is always at {{ work }}; give another folder a mount path.");
            else if (item.Storage[i].MountPath is { } mount)
                CheckTemplate(mount, Spot.Folder, path / "mountPath");
            if (item.Storage[i].SizeParameter is { Length: > 0 } size)
                CheckNumber(size, 1, 100_000, path / "sizeGiB" / "parameter");
        }
        foreach (var deployment in item.Deployments.Where(d => d is { Target: "kubernetes", Replicas: not null }))
        {
            var path = Root / "deployments" / deployment.Target / "replicas";
            if (item.Kind != WorkloadKind.ModelEndpoint) Refuse(path, "Only a ModelEndpoint has replicas: of others there is one.");
            CheckNumber(deployment.Replicas!.Least, 1, ReplicaSpec.Limit, path / "least");
            CheckNumber(deployment.Replicas.Most, 1, ReplicaSpec.Limit, path / "most");
        }
    }

    private void CheckPort(string text, NodePath path)
    {
        if (DeploymentRenderer.WholeElementParameter(text) is { } name)
            CheckNumber(name, 1, 65_535, path);
        else if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65_535)
            Refuse(path, $"Must be a port from 1 to 65535, or the template of an integer parameter and nothing else; got {Quoted.Text(text)}.");
    }

    /// <summary>A number that becomes part of a manifest: whatever people enter must be one there.</summary>
    private void CheckNumber(string name, int least, int most, NodePath path)
    {
        var numbers = item.Parameters.Where(p => p.Type == ParameterType.Integer).Select(p => p.Name).ToList();
        used.Add(name);
        if (item.Parameters.FirstOrDefault(p => p.Name == name) is not { } parameter)
            Refuse(path, $"There is no parameter {Quoted.Text(name)}.{NearestName.Hint(name, numbers)} Allowed: integer parameters{Listed(numbers)}.");
        else if (parameter.Type != ParameterType.Integer)
            Refuse(path, $"\"{name}\" is of type {ParameterWords.Word(parameter.Type)}; only an integer is allowed here.");
        else if (parameter.DefaultJson is null && !parameter.Required)
            Refuse(path, $"\"{name}\" may stay empty; here it needs a number.");
        else if (parameter.Constraints.Min is not { } min || parameter.Constraints.Max is not { } max || min < least || max > most)
            Refuse(path, string.Create(CultureInfo.InvariantCulture, $"\"{name}\" needs constraints within {{min: {least}, max: {most}}}: not every number is one."));
    }

    /// <summary>The parameter that is the whole image and nothing else; null for an image with a name of its own.</summary>
    private ParameterSpec? WholeImageParameter(string image) => DeploymentRenderer.WholeElementParameter(image) is { } name ? item.Parameters.FirstOrDefault(p => p.Name == name) : null;
}
