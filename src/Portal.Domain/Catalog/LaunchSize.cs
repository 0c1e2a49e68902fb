using System.Text;

namespace Portal.Domain.Catalog;

/// <summary>Refuses values that no kernel would start a program with, under the parameter that is too long, before anything is launched.</summary>
internal static class LaunchSize
{
    // Longer than any path a target makes up, so that what passes here fits there.
    private static readonly RenderPlaces WidestPlaces = new(65535, Wide, Wide, Wide, Wide, Wide, Wide) { RunArtifacts = Wide };

    private static string Wide => new('x', 512);

    public static void Check(ItemSpec item, ParameterValues values, FieldErrors errors)
    {
        foreach (var deployment in item.Deployments)
        {
            CheckElements(item, deployment, values, errors);
            if (errors.None)
                CheckTotal(item, DeploymentRenderer.Render(item, deployment, values, WidestPlaces), values, errors);
        }
    }

    private static void CheckElements(ItemSpec item, DeploymentSpec deployment, ParameterValues values, FieldErrors errors)
    {
        // Files are no part of the arguments, and up to a million characters each.
        item = item with { Files = new Dictionary<string, FileSource>() };
        foreach (var element in deployment.Command.Concat(deployment.Args))
            foreach (var rendered in DeploymentRenderer.Render(item, deployment with { Command = [element], Args = [] }, values, WidestPlaces).Command)
                Report(DeploymentRenderer.ParametersIn(element), Encoding.UTF8.GetByteCount(rendered), "one command element", errors);
        var environment = DeploymentRenderer.Render(item, deployment with { Command = [], Args = [] }, values, WidestPlaces).Environment;
        foreach (var (name, value) in environment)
        {
            var sources = deployment.Environment.TryGetValue(name, out var template) || item.Environment.TryGetValue(name, out template) ? DeploymentRenderer.ParametersIn(template) : item.EnvironmentFrom.Where(m => Has(values, m, name));
            Report(sources, Encoding.UTF8.GetByteCount(name) + 1 + Encoding.UTF8.GetByteCount(value), $"the environment variable {name}", errors);
        }
    }

    private static bool Has(ParameterValues values, string map, string key) =>
        values.ByName.TryGetValue(map, out var value) && value.ValueKind == System.Text.Json.JsonValueKind.Object && value.TryGetProperty(key, out _);

    private static void Report(IEnumerable<string> parameters, int bytes, string what, FieldErrors errors)
    {
        if (bytes <= ParameterValidation.MaxElementBytes)
            return;
        foreach (var parameter in parameters.Distinct())
            errors.Add($"parameters.{parameter}", $"is too long: it makes {what} {bytes} bytes; at most {ParameterValidation.MaxElementBytes} fit");
    }

    private static void CheckTotal(ItemSpec item, RenderedDeployment rendered, ParameterValues values, FieldErrors errors)
    {
        const int pointer = 8;
        var total = rendered.Command.Concat(rendered.Args).Sum(e => Encoding.UTF8.GetByteCount(e) + 1L + pointer)
            + rendered.Environment.Sum(e => Encoding.UTF8.GetByteCount(e.Key) + Encoding.UTF8.GetByteCount(e.Value) + 2L + pointer);
        if (total <= ParameterValidation.MaxTotalBytes)
            return;
        var inFiles = item.Files.Values.Select(f => f.Parameter).OfType<string>().ToHashSet(StringComparer.Ordinal);
        var largest = values.ByName.Where(v => !inFiles.Contains(v.Key)).MaxBy(v => v.Value.GetRawText().Length).Key;
        errors.Add(largest is null ? "parameters" : $"parameters.{largest}",
            $"is too long: command and environment together need {total} bytes; at most {ParameterValidation.MaxTotalBytes} fit. Put large content into a file.");
    }
}
