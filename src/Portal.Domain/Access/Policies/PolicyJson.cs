using System.Text.Json;
using System.Text.Json.Nodes;
using Portal.Domain.Catalog;

namespace Portal.Domain.Access.Policies;

/// <summary>
/// Policies as JSON, as the API, the database and the editor have them: <c>{rules: [{name, when, effect, steps?, message?}], default: {effect, steps?, message?}}</c>; <c>when</c> is
/// <c>{all: […]}</c>, <c>{any: […]}</c>, <c>{not: …}</c> or <c>{field, op, value}</c>.
/// </summary>
public static class PolicyJson
{
    /// <summary>Version of the shape, kept beside stored lists.</summary>
    public const int SchemaVersion = 1;

    /// <summary>The list as a JSON document; <see cref="PolicyReader.Read"/> of it gives the same list.</summary>
    public static JsonObject Write(PolicyList list) => new()
    {
        ["rules"] = new JsonArray([.. list.Rules.Select(WriteRule)]),
        ["default"] = WriteOutcome(list.Default, []),
    };

    private static JsonObject WriteRule(PolicyRule rule) => WriteOutcome(rule, new JsonObject { ["name"] = rule.Name, ["when"] = Write(rule.When) });

    private static JsonObject WriteOutcome(PolicyRule rule, JsonObject document)
    {
        document["effect"] = Word(rule.Effect);
        if (rule.Steps.Count > 0) document["steps"] = Write(rule.Steps);
        if (rule.Message is not null) document["message"] = rule.Message;
        return document;
    }

    /// <summary>A condition as <c>when</c> has it.</summary>
    public static JsonObject Write(Condition condition) => condition switch
    {
        Condition.All all => new() { ["all"] = new JsonArray([.. all.Parts.Select(Write)]) },
        Condition.Any any => new() { ["any"] = new JsonArray([.. any.Parts.Select(Write)]) },
        Condition.Not not => new() { ["not"] = Write(not.Part) },
        Condition.CompareWords words => new() { ["field"] = words.Field.Name, ["op"] = words.Operator, ["value"] = words.Operator == "in" ? new JsonArray([.. words.Values.Select(v => JsonValue.Create(v))]) : JsonValue.Create(words.Values[0]) },
        Condition.CompareNumber number => new() { ["field"] = number.Field.Name, ["op"] = number.Operator, ["value"] = number.Operator == "in" ? new JsonArray([.. number.Values.Select(v => JsonValue.Create(v))]) : JsonValue.Create(number.Values[0]) },
        _ => throw new InvalidOperationException($"Unknown condition {condition}."),
    };

    /// <summary>Steps as stored with a request.</summary>
    public static JsonArray Write(IReadOnlyList<ApprovalStep> steps) => new([.. steps.Select(Write)]);

    /// <summary>Stored steps. They were checked when they were written.</summary>
    /// <exception cref="InvalidOperationException">The text is not what <see cref="Write(IReadOnlyList{ApprovalStep})"/> makes.</exception>
    public static IReadOnlyList<ApprovalStep> ReadSteps(string json)
    {
        using var document = JsonDocument.Parse(json);
        return PolicyReader.ReadSteps(document.RootElement, "steps") is { Steps: { } steps } ? steps : throw new InvalidOperationException("Stored approval steps cannot be read.");
    }

    private static JsonObject Write(ApprovalStep step) => new() { ["approvers"] = Write(step.Approvers), ["count"] = step.Count, ["expiresAfter"] = IsoDuration.Format(step.ExpiresAfter) };

    /// <summary>Approvers as a step has them.</summary>
    public static JsonObject Write(Approvers approvers) => approvers switch
    {
        Approvers.TeamLeads => new() { ["teamLeads"] = true },
        Approvers.ItemOwners => new() { ["itemOwners"] = true },
        Approvers.InRole role => new() { ["role"] = role.Role },
        Approvers.People people => new() { ["people"] = new JsonArray([.. people.Emails.Select(e => JsonValue.Create(e))]) },
        _ => throw new InvalidOperationException($"Unknown approvers {approvers}."),
    };

    /// <summary>The word on the wire.</summary>
    public static string Word(PolicyEffect effect) => effect switch { PolicyEffect.Allow => "allow", PolicyEffect.Deny => "deny", _ => "requireApproval" };
}
