using System.Text.Json;
using Portal.Domain.Catalog;

namespace Portal.Domain.Access.Policies;

/// <summary>Reads policies and says of everything that is wrong where it stands and what is allowed.</summary>
public sealed class PolicyReader
{
    private const int MostRules = 1000, MostParts = 100, Deepest = 10, MostSteps = 5, MostApprovals = 10;
    private static readonly TimeSpan LongestExpiry = TimeSpan.FromDays(30);
    private readonly Dictionary<string, string[]> _errors = [];

    private PolicyReader() { }

    /// <summary>The list, or errors by path such as <c>rules[2].when.all[0].op</c>.</summary>
    public static (PolicyList? List, IReadOnlyDictionary<string, string[]> Errors) Read(JsonElement document)
    {
        var reader = new PolicyReader();
        var list = reader.ReadList(document);
        return (reader._errors.Count == 0 ? list : null, reader._errors);
    }

    /// <summary>Steps alone, as restrictions of items have them.</summary>
    public static (IReadOnlyList<ApprovalStep>? Steps, IReadOnlyDictionary<string, string[]> Errors) ReadSteps(JsonElement document, string path)
    {
        var reader = new PolicyReader();
        var steps = reader.ReadSteps(document, path, required: true);
        return (reader._errors.Count == 0 ? steps : null, reader._errors);
    }

    private PolicyList? ReadList(JsonElement document)
    {
        if (!IsObject(document, "", "rules", "default")) return null;
        var rules = new List<PolicyRule>();
        if (document.TryGetProperty("rules", out var array) && array.ValueKind == JsonValueKind.Array)
        {
            if (array.GetArrayLength() > MostRules) Refuse("rules", $"At most {MostRules} rules.");
            else
                foreach (var (element, i) in array.EnumerateArray().Select((e, i) => (e, i)))
                    if (ReadRule(element, $"rules[{i}]") is { } rule) rules.Add(rule);
        }
        else Refuse("rules", "A list of rules is needed, which may be empty.");
        foreach (var twice in rules.GroupBy(r => r.Name, StringComparer.OrdinalIgnoreCase).Where(g => g.Count() > 1)) Refuse("rules", $"Two rules are named \"{twice.Key}\". Names are how decisions are explained: each needs its own.");
        var otherwise = document.TryGetProperty("default", out var last) ? ReadDefault(last) : Missing("default", "What happens when no rule matches: {\"effect\": \"allow\"}.");
        return otherwise is null ? null : new PolicyList(rules, otherwise);
    }

    private PolicyRule? ReadDefault(JsonElement element)
    {
        if (!IsObject(element, "default", "effect", "steps", "message")) return null;
        return ReadOutcome(element, "default") is { } outcome ? PolicyRule.Otherwise(outcome.Effect, outcome.Steps, outcome.Message) : null;
    }

    private PolicyRule? ReadRule(JsonElement element, string path)
    {
        if (!IsObject(element, path, "name", "when", "effect", "steps", "message")) return null;
        var name = Text(element, path, "name", 1, 100);
        var when = element.TryGetProperty("when", out var condition) ? ReadCondition(condition, $"{path}.when", 0) : Missing<Condition>($"{path}.when", "When it matches; {\"all\": []} always does.");
        var outcome = ReadOutcome(element, path);
        return name is null || when is null || outcome is null ? null : new PolicyRule(name, when, outcome.Value.Effect, outcome.Value.Steps, outcome.Value.Message);
    }

    private (PolicyEffect Effect, IReadOnlyList<ApprovalStep> Steps, string? Message)? ReadOutcome(JsonElement element, string path)
    {
        PolicyEffect? effect = element.TryGetProperty("effect", out var word) && word.ValueKind == JsonValueKind.String
            ? word.GetString() switch { "allow" => PolicyEffect.Allow, "requireApproval" => PolicyEffect.RequireApproval, "deny" => PolicyEffect.Deny, _ => null }
            : null;
        if (effect is null) return Refuse<(PolicyEffect, IReadOnlyList<ApprovalStep>, string?)?>($"{path}.effect", "One of allow, requireApproval, deny.");
        var message = element.TryGetProperty("message", out _) ? Text(element, path, "message", 1, 500) : null;
        if (message is not null && effect != PolicyEffect.Deny) Refuse($"{path}.message", "Only a rule that denies has a message.");
        var steps = Array.Empty<ApprovalStep>() as IReadOnlyList<ApprovalStep>;
        var has = element.TryGetProperty("steps", out var given);
        if (effect == PolicyEffect.RequireApproval) steps = has ? ReadSteps(given, $"{path}.steps", required: true) : Missing<IReadOnlyList<ApprovalStep>>($"{path}.steps", "Who is asked: [{\"approvers\": {\"teamLeads\": true}, \"count\": 1}].");
        else if (has && !(given.ValueKind == JsonValueKind.Array && given.GetArrayLength() == 0)) Refuse($"{path}.steps", "Only a rule that requires approval has steps.");
        return steps is null ? null : (effect.Value, steps, message);
    }

    private List<ApprovalStep>? ReadSteps(JsonElement array, string path, bool required)
    {
        if (array.ValueKind != JsonValueKind.Array || (required && array.GetArrayLength() == 0) || array.GetArrayLength() > MostSteps) return Refuse<List<ApprovalStep>?>(path, $"A list of 1 to {MostSteps} steps.");
        var steps = array.EnumerateArray().Select((e, i) => ReadStep(e, $"{path}[{i}]")).ToList();
        return steps.Contains(null) ? null : [.. steps.OfType<ApprovalStep>()];
    }

    private ApprovalStep? ReadStep(JsonElement element, string path)
    {
        if (!IsObject(element, path, "approvers", "count", "expiresAfter")) return null;
        var count = 1;
        if (element.TryGetProperty("count", out var number) && !(number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out count) && count is >= 1 and <= MostApprovals)) Refuse($"{path}.count", $"A whole number from 1 to {MostApprovals}.");
        var expiry = ApprovalStep.DefaultExpiry;
        if (element.TryGetProperty("expiresAfter", out var duration) && !(duration.ValueKind == JsonValueKind.String && IsoDuration.TryParse(duration.GetString()!, out expiry) && expiry >= TimeSpan.FromMinutes(1) && expiry <= LongestExpiry))
            Refuse($"{path}.expiresAfter", "A duration from PT1M to P30D, such as PT24H.");
        var approvers = element.TryGetProperty("approvers", out var who) ? ReadApprovers(who, $"{path}.approvers") : Missing<Approvers>($"{path}.approvers", WhoIsAllowed);
        if (approvers is Approvers.People people && count > people.Emails.Count) Refuse($"{path}.count", $"{people.Emails.Count} people cannot give {count} approvals.");
        return approvers is null ? null : new ApprovalStep(approvers, count, expiry);
    }

    private const string WhoIsAllowed = "One of {\"teamLeads\": true}, {\"role\": \"Admin\"}, {\"people\": [e-mail]}, {\"itemOwners\": true}.";

    private Approvers? ReadApprovers(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object || element.EnumerateObject().Count() != 1) return Refuse<Approvers?>(path, WhoIsAllowed);
        var only = element.EnumerateObject().Single();
        switch (only.Name)
        {
            case "teamLeads" when only.Value.ValueKind == JsonValueKind.True: return new Approvers.TeamLeads();
            case "itemOwners" when only.Value.ValueKind == JsonValueKind.True: return new Approvers.ItemOwners();
            case "role" when only.Value.ValueKind == JsonValueKind.String && PortalRoles.All.Contains(only.Value.GetString()!): return new Approvers.InRole(only.Value.GetString()!);
            case "role": return Refuse<Approvers?>($"{path}.role", $"One of {string.Join(", ", PortalRoles.All)}.");
            case "people":
                var emails = only.Value.ValueKind == JsonValueKind.Array ? only.Value.EnumerateArray().Select(e => e.ValueKind == JsonValueKind.String ? e.GetString()! : "").ToList() : [];
                return emails.Count is < 1 or > 20 || emails.Exists(e => e.Length is < 3 or > 200 || !e.Contains('@', StringComparison.Ordinal) || e.Contains('\0', StringComparison.Ordinal)) || emails.Distinct(StringComparer.OrdinalIgnoreCase).Count() != emails.Count
                    ? Refuse<Approvers?>($"{path}.people", "1 to 20 different e-mail addresses.") : new Approvers.People(emails);
            default: return Refuse<Approvers?>(path, WhoIsAllowed);
        }
    }

    private Condition? ReadCondition(JsonElement element, string path, int depth)
    {
        if (depth > Deepest) return Refuse<Condition?>(path, $"Conditions may be nested {Deepest} deep.");
        if (element.ValueKind != JsonValueKind.Object) return Refuse<Condition?>(path, WhenIsAllowed);
        if (element.TryGetProperty("field", out _)) return ReadComparison(element, path);
        if (element.EnumerateObject().Count() != 1) return Refuse<Condition?>(path, WhenIsAllowed);
        var only = element.EnumerateObject().Single();
        switch (only.Name)
        {
            case "not": return ReadCondition(only.Value, $"{path}.not", depth + 1) is { } part ? new Condition.Not(part) : null;
            case "all" or "any":
                if (only.Value.ValueKind != JsonValueKind.Array || only.Value.GetArrayLength() > MostParts || (only.Name == "any" && only.Value.GetArrayLength() == 0)) return Refuse<Condition?>($"{path}.{only.Name}", $"A list of at most {MostParts} conditions.");
                var parts = only.Value.EnumerateArray().Select((e, i) => ReadCondition(e, $"{path}.{only.Name}[{i}]", depth + 1)).ToList();
                return parts.Contains(null) ? null : only.Name == "all" ? new Condition.All([.. parts.OfType<Condition>()]) : new Condition.Any([.. parts.OfType<Condition>()]);
            default: return Refuse<Condition?>(path, WhenIsAllowed);
        }
    }

    private const string WhenIsAllowed = "One of {\"all\": […]}, {\"any\": […]}, {\"not\": …}, {\"field\": …, \"op\": …, \"value\": …}.";

    private Condition? ReadComparison(JsonElement element, string path)
    {
        if (!IsObject(element, path, "field", "op", "value")) return null;
        var name = element.GetProperty("field").ValueKind == JsonValueKind.String ? element.GetProperty("field").GetString()! : "";
        if (PolicyFields.Find(name) is not { } field) return Refuse<Condition?>($"{path}.field", $"There is no field \"{name}\". Allowed: {string.Join(", ", PolicyFields.All.Select(f => f.Name))}.");
        var op = element.TryGetProperty("op", out var word) && word.ValueKind == JsonValueKind.String ? word.GetString()! : "";
        if (!field.Operators.Contains(op)) return Refuse<Condition?>($"{path}.op", $"\"{field.Name}\" cannot be compared by \"{op}\". Allowed: {string.Join(", ", field.Operators)}.");
        if (!element.TryGetProperty("value", out var value)) return Missing<Condition>($"{path}.value", "What it is compared with.");
        var isList = op == "in";
        if (isList != (value.ValueKind == JsonValueKind.Array) || (isList && value.GetArrayLength() is 0 or > MostParts)) return Refuse<Condition?>($"{path}.value", isList ? $"A list of 1 to {MostParts} values." : "One value.");
        var values = isList ? [.. value.EnumerateArray()] : new List<JsonElement> { value };
        return field.Type == PolicyFieldType.Number ? ReadNumbers(field, op, values, path) : ReadWords(field, op, values, path);
    }

    private Condition? ReadNumbers(PolicyField field, string op, List<JsonElement> values, string path)
    {
        var numbers = values.Select(v => v.ValueKind == JsonValueKind.Number && v.TryGetDecimal(out var number) && Math.Abs(number) < 1e12m ? number : (decimal?)null).ToList();
        return numbers.Contains(null) ? Refuse<Condition?>($"{path}.value", $"\"{field.Name}\" is compared with a number.") : new Condition.CompareNumber(field, op, [.. numbers.Select(n => n!.Value)]);
    }

    private Condition? ReadWords(PolicyField field, string op, List<JsonElement> values, string path)
    {
        var words = values.Select(v => v.ValueKind == JsonValueKind.String && v.GetString() is { Length: > 0 and <= 200 } word && !word.Contains('\0', StringComparison.Ordinal) ? word : null).ToList();
        if (words.Contains(null)) return Refuse<Condition?>($"{path}.value", $"\"{field.Name}\" is compared with a word.");
        if (field.Allowed is { } allowed && words.Find(w => !allowed.Contains(w!)) is { } impossible)
            return Refuse<Condition?>($"{path}.value", $"\"{field.Name}\" is never \"{impossible}\". Allowed: {string.Join(", ", allowed)}.");
        return new Condition.CompareWords(field, op, [.. words.OfType<string>()]);
    }

    private string? Text(JsonElement element, string path, string name, int shortest, int longest) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString()!.Trim() is var text && text.Length >= shortest && text.Length <= longest && !text.Contains('\0', StringComparison.Ordinal)
            ? text : Refuse<string?>($"{path}.{name}", $"A text of {shortest} to {longest} characters.");

    private bool IsObject(JsonElement element, string path, params string[] allowed)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            Refuse(path.Length == 0 ? "policies" : path, $"An object with {string.Join(", ", allowed)}.");
            return false;
        }
        foreach (var unknown in element.EnumerateObject().Select(p => p.Name).Where(n => !allowed.Contains(n))) Refuse(path.Length == 0 ? unknown : $"{path}.{unknown}", $"There is no such field. Allowed: {string.Join(", ", allowed)}.");
        return true;
    }

    private T? Missing<T>(string path, string message) where T : class => Refuse<T?>(path, message);

    private PolicyRule? Missing(string path, string message) => Refuse<PolicyRule?>(path, message);

    private T? Refuse<T>(string path, string message)
    {
        Refuse(path, message);
        return default;
    }

    private void Refuse(string path, string message) => _errors.TryAdd(path, [message]);
}
