namespace Portal.Domain.Catalog;

/// <summary>Refuses what would make no container: an image that is none, a path that is none, two folders at one place. Under the parameters that said it, before anything is launched.</summary>
internal static class LaunchPlace
{
    // Paths of targets are none of a person's words: any will do.
    private static readonly RenderPlaces AnyPlaces = new(1, "/", "/f", "/w", "/a", "/c", "") { RunArtifacts = "/r" };

    public static void Check(ItemSpec item, ParameterValues values, FieldErrors errors)
    {
        foreach (var deployment in item.Deployments.Where(d => d.Image is not null))
            CheckContainer(item, deployment, values, errors);
        if (item.Deployments.Any(d => d.Image is not null))
            CheckMounts(item, values, errors);
    }

    private static void CheckContainer(ItemSpec item, DeploymentSpec deployment, ParameterValues values, FieldErrors errors)
    {
        // Files are no part of it, and large.
        var rendered = DeploymentRenderer.Render(item with { Files = new Dictionary<string, FileSource>() }, deployment, values, AnyPlaces);
        if (DeploymentRenderer.ParametersIn(deployment.Image!).Any() && !ImageReference.IsOne(rendered.Image!))
            Report(deployment.Image!, $"must make {ImageReference.Allowed}; got {Quoted.Text(rendered.Image!)}", errors);
        if (rendered.WorkingDir is { } folder && !folder.StartsWith('/'))
            Report(deployment.WorkingDir!, $"must be an absolute path; got {Quoted.Text(folder)}", errors);
        if (rendered.ReadyPath is { Length: > 0 } ready && !ready.StartsWith('/'))
            Report(item.Ports[0].Ready.Path, $"must begin with /; got {Quoted.Text(ready)}", errors);
        if (rendered.Command is ["", ..])
            Report(deployment.Command[0], "must begin with the program to run; the first element is empty", errors);
    }

    private static void CheckMounts(ItemSpec item, ParameterValues values, FieldErrors errors)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (storage, template) in DeploymentRenderer.Storage(item, values).Zip(item.Storage, (s, t) => (s, t.MountPath)).Where(s => s.s.MountPath is not null))
            if (MountPath.Refuse(storage.MountPath!) is { } refusal)
                Report(template!, refusal, errors);
            else if (!seen.Add(storage.MountPath!))
                Report(template!, $"is where another folder is mounted already: {Quoted.Text(storage.MountPath!)}", errors);
    }

    private static void Report(string template, string message, FieldErrors errors)
    {
        foreach (var parameter in DeploymentRenderer.ParametersIn(template).DefaultIfEmpty().Distinct())
            errors.Add(parameter is null ? "parameters" : $"parameters.{parameter}", message);
    }
}
