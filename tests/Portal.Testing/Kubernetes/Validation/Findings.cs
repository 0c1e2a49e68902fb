using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>The problems found in one object, with the checks that many kinds share.</summary>
internal sealed class Findings
{
    public List<FieldProblem> Problems { get; } = [];

    public void Add(FieldProblem problem) => Problems.Add(problem);

    public void Required(string path, JsonNode? node, string detail = "")
    {
        if (node is null || node.Text() == "" || node is JsonArray { Count: 0 })
            Add(FieldProblem.Required(path, detail));
    }

    /// <summary>One of a few words; missing is fine unless required.</summary>
    public void OneOf(string path, JsonNode? node, bool required, params string[] allowed)
    {
        var text = node.Text();
        if (string.IsNullOrEmpty(text))
        {
            if (required)
                Add(FieldProblem.Required(path));
        }
        else if (!allowed.Contains(text))
        {
            Add(FieldProblem.NotSupported(path, text, allowed));
        }
    }

    public void NotNegative(string path, JsonNode? node)
    {
        if (node.Number() is < 0)
            Add(FieldProblem.Invalid(path, node.Number(), "must be greater than or equal to 0"));
    }

    public void Positive(string path, JsonNode? node)
    {
        if (node.Number() is <= 0)
            Add(FieldProblem.Invalid(path, node.Number(), "must be greater than zero"));
    }

    public void Port(string path, long? port)
    {
        if (port is not >= 1 or > 65535)
            Add(FieldProblem.Invalid(path, port ?? 0, "must be between 1 and 65535, inclusive"));
    }

    /// <summary>A port by number or by name.</summary>
    public void PortOrName(string path, JsonNode? node)
    {
        if (node.Text() is { } name)
        {
            if (Names.PortNameProblem(name) is { } problem)
                Add(FieldProblem.Invalid(path, name, problem));
        }
        else
        {
            Port(path, node.Number());
        }
    }

    public void Rule(string path, string? value, Func<string, string?> problem)
    {
        if (value is not null && problem(value) is { } wrong)
            Add(FieldProblem.Invalid(path, value, wrong));
    }

    public void Labels(string path, JsonNode? labels)
    {
        foreach (var (key, value) in labels as JsonObject ?? [])
        {
            Rule(path, key, Names.LabelKeyProblem);
            Rule(path, value.Text(), Names.LabelValueProblem);
        }
    }

    /// <summary>A label selector in an object.</summary>
    public void Selector(string path, JsonNode? selector)
    {
        Labels($"{path}.matchLabels", selector.At("matchLabels"));
        var expressions = selector.Objects("matchExpressions");
        for (var i = 0; i < expressions.Count; i++)
        {
            var (at, values) = ($"{path}.matchExpressions[{i}]", expressions[i].Texts("values"));
            switch (expressions[i].Text("operator"))
            {
                case "In" or "NotIn" when values.Count == 0:
                    Add(FieldProblem.Required($"{at}.values", "must be specified when `operator` is 'In' or 'NotIn'"));
                    break;
                case "Exists" or "DoesNotExist" when values.Count > 0:
                    Add(FieldProblem.Forbidden($"{at}.values", "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
                    break;
                case "In" or "NotIn" or "Exists" or "DoesNotExist":
                    break;
                case var op:
                    Add(FieldProblem.Invalid($"{at}.operator", op ?? "", "not a valid selector operator"));
                    break;
            }
            Rule($"{at}.key", expressions[i].Text("key") ?? "", Names.LabelKeyProblem);
        }
    }

    /// <summary>A whole number or a percentage.</summary>
    public void CountOrPercent(string path, JsonNode? node)
    {
        if (node.Text() is { } text)
        {
            if (!text.EndsWith('%') || !int.TryParse(text[..^1], out var percent) || percent < 0)
                Add(FieldProblem.Invalid(path, text, "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"));
        }
        else
        {
            NotNegative(path, node);
        }
    }

    /// <summary>Says that a part may not change.</summary>
    public void Immutable(string path, JsonNode? before, JsonNode? after)
    {
        if (!JsonReading.Same(before, after))
            Add(FieldProblem.Invalid(path, after, "field is immutable"));
    }
}
