using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Application.Catalog.Files;

/// <summary>What an item may refer to.</summary>
/// <param name="Categories">Known category slugs; null when their file could not be read, so that its fault is told once.</param>
/// <param name="Hardware">Known hardware slugs; null as above.</param>
internal sealed record ItemContext(IReadOnlyCollection<string>? Categories, IReadOnlyCollection<string>? Hardware);

/// <summary>Everything about an item that its form alone cannot say: references, names, templates, defaults, and that every deployment renders.</summary>
internal sealed partial class ItemRules(ItemSpec item, ItemContext context, ProblemLog log)
{
    private static NodePath Root => NodePath.Root;

    public static void Check(ItemSpec item, ItemContext context, ProblemLog log)
    {
        var rules = new ItemRules(item, context, log);
        rules.CheckPlace();
        rules.CheckReferences();
        rules.CheckKind();
        rules.CheckParameters();
        rules.CheckEnvironment();
        rules.CheckFiles();
        rules.CheckTemplates();
        rules.CheckUse();
        if (log.Problems.Count == 0)
            rules.CheckRendering();
    }

    private void Refuse(NodePath path, string message) => log.Add(path, message);

    /// <summary>The file's place says category and slug; anything else would make an item that cannot be found again.</summary>
    private void CheckPlace()
    {
        var parts = log.File.Split('/');
        if (parts.Length != 2)
            return;
        var slug = Path.GetFileNameWithoutExtension(parts[1]);
        if (!log.Has(Root / "slug") && item.Slug != slug)
            Refuse(Root / "slug", $"The slug {Quoted.Text(item.Slug)} does not agree with the file's name: it must be \"{slug}\", or the file {item.Slug}.yaml.");
        if (!log.Has(Root / "category") && item.Category != parts[0])
            Refuse(Root / "category", $"The category {Quoted.Text(item.Category)} does not agree with the file's folder: it must be \"{parts[0]}\", or the file must be in {item.Category}/.");
    }

    private void CheckReferences()
    {
        if (context.Categories is { } categories && !log.Has(Root / "category") && !categories.Contains(item.Category))
            Refuse(Root / "category", $"There is no category {Quoted.Text(item.Category)}.{NearestName.Hint(item.Category, categories)} Allowed: {string.Join(", ", categories)}.");
        for (var i = 0; i < item.Hardware.Count; i++)
        {
            var (slug, path) = (item.Hardware[i], (Root / "hardware")[i]);
            if (log.Has(path))
                continue;
            if (context.Hardware is { } hardware && !hardware.Contains(slug))
                Refuse(path, $"There is no hardware profile {Quoted.Text(slug)}.{NearestName.Hint(slug, hardware)} Allowed: {string.Join(", ", hardware)}.");
            else if (item.Hardware.Take(i).Contains(slug))
                Refuse(path, $"The hardware profile \"{slug}\" is listed twice.");
        }
        RefuseRepeats("storage", item.Storage.Select(s => s.Name));
        RefuseRepeats("ports", item.Ports.Select(p => p.Name));
    }

    private void RefuseRepeats(string list, IEnumerable<string> names)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, i) in names.Select((n, i) => (n, i)))
            if (name.Length > 0 && !seen.Add(name))
                Refuse((Root / list)[i] / "name", $"The name \"{name}\" is given twice in {list}.");
    }

    private void CheckKind()
    {
        if (log.Has(Root / "type") || log.Has(Root / "ports"))
            return;
        if (item.Kind == WorkloadKind.TrainingRun && item.Ports.Count > 0)
            Refuse(Root / "ports", "A TrainingRun listens on nothing: it has no ports. Allowed: none, or the type Service.");
        if (item.Kind is WorkloadKind.Notebook or WorkloadKind.ModelEndpoint && item.Ports.Count == 0)
            Refuse(Root / "ports", $"A {item.Kind} needs a port, or nobody could open it: ports: [{{name: http}}].");
        if (item.Activity.Probe is "jupyter" or "requests" && item.Ports.Count == 0)
            Refuse(Root / "activity" / "probe", $"The probe \"{item.Activity.Probe}\" asks a port, and the item has none. Allowed: none.");
    }

    private void CheckEnvironment()
    {
        foreach (var name in item.Environment.Keys)
            if (EnvironmentNames.Refuse(name) is { } refusal)
                Refuse(Root / "environment" / name, refusal);
        foreach (var deployment in item.Deployments)
            foreach (var name in deployment.Environment.Keys)
                if (EnvironmentNames.Refuse(name) is { } refusal)
                    Refuse(Root / "deployments" / deployment.Target / "environment" / name, refusal);
        for (var i = 0; i < item.EnvironmentFrom.Count; i++)
        {
            var (name, path) = (item.EnvironmentFrom[i], (Root / "environmentFrom")[i]);
            if (log.Has(path))
                continue;
            var maps = item.Parameters.Where(p => p.Type == ParameterType.Map).Select(p => p.Name).ToList();
            if (item.Parameters.FirstOrDefault(p => p.Name == name) is not { } parameter)
                Refuse(path, $"There is no parameter {Quoted.Text(name)}.{NearestName.Hint(name, maps)} Allowed: map parameters{Listed(maps)}.");
            else if (parameter.Type != ParameterType.Map)
                Refuse(path, $"The parameter \"{name}\" is of type {ParameterWords.Word(parameter.Type)}; only a map can be spread into the environment. Allowed: map parameters{Listed(maps)}.");
            else if (item.EnvironmentFrom.Take(i).Contains(name))
                Refuse(path, $"The parameter \"{name}\" is listed twice.");
        }
    }

    private static string Listed(List<string> names) => names.Count == 0 ? " (this item has none)" : $" ({string.Join(", ", names)})";
}
