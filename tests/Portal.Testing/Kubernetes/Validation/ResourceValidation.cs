using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Validation;

/// <summary>Checks of requested and limited amounts.</summary>
internal static class ResourceValidation
{
    private static readonly HashSet<string> Standard = ["cpu", "memory", "ephemeral-storage"];

    public static void Requirements(string path, JsonNode? resources, Findings findings)
    {
        var limits = resources.At("limits") as JsonObject ?? [];
        var requests = resources.At("requests") as JsonObject ?? [];
        foreach (var (name, amount) in limits)
            Amount($"{path}.limits", name, amount.Text(), findings);
        foreach (var (name, amount) in requests)
        {
            Amount($"{path}.requests", name, amount.Text(), findings);
            var (request, limit) = (Quantity.Parse(amount.Text()), Quantity.Parse(limits[name].Text()));
            if (limit is not null && request > limit)
                findings.Add(FieldProblem.Invalid($"{path}.requests", amount.Text(), $"must be less than or equal to {name} limit of {limits[name].Text()}"));
            if (IsExtended(name) && limit is null)
                findings.Add(FieldProblem.Required($"{path}.limits", "Limit must be set for non overcommitable resources"));
            else if (IsExtended(name) && request != limit)
                findings.Add(FieldProblem.Invalid($"{path}.requests", amount.Text(), $"must be equal to {name} limit of {limits[name].Text()}"));
        }
    }

    /// <summary>A resource that no node gives twice, such as a GPU.</summary>
    public static bool IsExtended(string name) => name.Contains('/', StringComparison.Ordinal) && !name.StartsWith("kubernetes.io/", StringComparison.Ordinal) || name.StartsWith("hugepages-", StringComparison.Ordinal);

    private static void Amount(string path, string name, string? text, Findings findings)
    {
        if (Names.LabelKeyProblem(name) is { } problem)
            findings.Add(FieldProblem.Invalid(path, name, problem));
        else if (!Standard.Contains(name) && !IsExtended(name))
            findings.Add(FieldProblem.Invalid(path, name, name.Contains('/', StringComparison.Ordinal) ? "must be a standard resource for containers" : "must be a standard resource type or fully qualified"));
        var amount = Quantity.Parse(text) ?? 0;
        if (amount < 0)
            findings.Add(FieldProblem.Invalid($"{path}[{name}]", text, "must be greater than or equal to 0"));
        else if (IsExtended(name) && amount != Math.Truncate(amount))
            findings.Add(FieldProblem.Invalid($"{path}[{name}]", text, "must be an integer"));
    }
}
