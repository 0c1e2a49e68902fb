using System.Text.Json;
using Portal.Domain.Catalog;

namespace Portal.Application.Catalog.Files;

internal sealed partial class ItemRules
{
    private static readonly string[] BoundKeys = ["min", "max"];
    private static readonly string[] LengthKeys = ["minLength", "maxLength", "pattern"];

    private void CheckParameters()
    {
        RefuseRepeats("parameters", item.Parameters.Select(p => p.Name));
        if (item.Parameters.Select((p, i) => (p.Type, i)).Where(p => p.Type == ParameterType.Run).Skip(1).Select(p => (int?)p.i).FirstOrDefault() is { } second)
            Refuse((Root / "parameters")[second] / "type", "An item takes one run at most: {{ run.artifacts }} would not know which.");
        for (var i = 0; i < item.Parameters.Count; i++)
        {
            var path = (Root / "parameters")[i];
            if (log.Has(path / "type") || log.Root.Get("parameters").Items()[i] is not MapNode node)
                continue;
            CheckConstraints(item.Parameters[i], node.Get("constraints"), path / "constraints");
            if (!log.Has(path / "constraints"))
                CheckDefault(item.Parameters[i], node.Get("default"), path);
        }
    }

    private void CheckConstraints(ParameterSpec parameter, Node? node, NodePath path)
    {
        var allowed = AllowedConstraints(parameter.Type);
        foreach (var key in node.Entries().Select(e => e.Key.Text).Where(k => !allowed.Contains(k) && !log.Has(path / k)))
            Refuse(path / key, $"A parameter of type {ParameterWords.Word(parameter.Type)} cannot have \"{key}\". Allowed: {(allowed.Count == 0 ? "no constraints" : string.Join(", ", allowed))}.");
        if (log.Has(path))
            return;
        var constraints = parameter.Constraints;
        if (parameter.Type == ParameterType.Enum && constraints.Values is null)
            Refuse(path / "values", "An enum needs its choices: constraints: {values: [one, two]}.");
        foreach (var twin in (constraints.Values ?? []).GroupBy(v => v).Where(g => g.Count() > 1))
            Refuse(path / "values", $"The choice {Quoted.Text(twin.Key)} is listed twice.");
        foreach (var key in BoundKeys.Where(k => node.Get(k) is not null))
            CheckBound(parameter, node.Get(key)!, path / key);
        RefuseReversed(constraints.Min, constraints.Max, "min", "max", path);
        RefuseReversed(constraints.MinLength, constraints.MaxLength, "minLength", "maxLength", path);
        RefuseReversed(constraints.MinItems, constraints.MaxItems, "minItems", "maxItems", path);
        if (constraints.Pattern is { } pattern && ParameterValidation.RefusePattern(pattern) is { } reason)
            Refuse(path / "pattern", $"This pattern cannot be used: {reason}.");
    }

    private static List<string> AllowedConstraints(ParameterType type) => type switch
    {
        ParameterType.Integer or ParameterType.Number or ParameterType.Duration => ["min", "max"],
        ParameterType.String or ParameterType.Text or ParameterType.Secret => [.. LengthKeys],
        ParameterType.Enum => ["values"],
        ParameterType.Run => ["items"],
        ParameterType.StringList or ParameterType.Map => [.. LengthKeys, "minItems", "maxItems"],
        _ => [],
    };

    private void CheckBound(ParameterSpec parameter, Node node, NodePath path)
    {
        if (parameter.Type == ParameterType.Duration && node.Duration() is null)
            Refuse(path, $"The bound of a duration must be {IsoDuration.Allowed}; got {ShapeCheck.Describe(node)}.");
        else if (parameter.Type != ParameterType.Duration && node.Number() is null)
            Refuse(path, $"Must be a number; got {ShapeCheck.Describe(node)}.");
        else if (parameter.Type == ParameterType.Integer && node.Number() is { } number && number != decimal.Truncate(number))
            Refuse(path, $"The bound of an integer must be a whole number; got {ShapeCheck.Describe(node)}.");
    }

    private void RefuseReversed(decimal? low, decimal? high, string lowKey, string highKey, NodePath path)
    {
        if (low > high && !log.Has(path / lowKey) && !log.Has(path / highKey))
            Refuse(path / lowKey, $"\"{lowKey}\" is above \"{highKey}\", so that no value could be right.");
    }

    private void CheckDefault(ParameterSpec parameter, Node? node, NodePath path)
    {
        if (!parameter.UserFacing && parameter.DefaultJson is null)
            Refuse(path / "default", "A parameter that people cannot set (userFacing: false) needs a default.");
        if (node is null || node.IsNull())
            return;
        if (parameter.Secret && node.Text() is not "")
        {
            Refuse(path / "default", "A secret cannot have a default: it would be readable in the catalog. Leave the key out (required), or write null (may stay empty).");
            return;
        }
        var json = ItemMapper.ToJson(node, parameter.Type) ?? default;
        if (parameter.Secret || json.ValueKind == JsonValueKind.Undefined)
            return;
        foreach (var error in ParameterValidation.Check(parameter, json).Errors)
            Refuse(path / "default", $"The default {error}.");
        if (node.Text() is { } text && DeploymentRenderer.NamesIn(text).Any(IsKnownName))
            log.Warn(path / "default", "The default looks like a template, but values are never replaced: the program gets it exactly as it is written here.");
    }
}
