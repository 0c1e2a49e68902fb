using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Portal.Domain.Access;
using Portal.Domain.Access.Policies;
using Portal.Domain.Catalog;

namespace Portal.Web.Components.Pages.Admin.Policies;

/// <summary>A list of rules while somebody edits it. What is typed may be wrong at any moment; <see cref="Read"/> says whether it is.</summary>
public sealed class PolicyDraft
{
    public List<RuleDraft> Rules { get; init; } = [];

    public RuleDraft Default { get; init; } = new();

    public static PolicyDraft Of(PolicyList list) => new() { Rules = [.. list.Rules.Select(RuleDraft.Of)], Default = RuleDraft.Of(list.Default) };

    public JsonElement Json()
    {
        var document = new JsonObject { ["rules"] = new JsonArray([.. Rules.Select(r => r.Json(isDefault: false))]), ["default"] = Default.Json(isDefault: true) };
        return document.Deserialize<JsonElement>();
    }

    /// <summary>The list, or errors by path.</summary>
    public (PolicyList? List, IReadOnlyDictionary<string, string[]> Errors) Read() => PolicyReader.Read(Json());
}

/// <summary>A rule being edited.</summary>
public sealed class RuleDraft
{
    public Guid Key { get; } = Guid.NewGuid();
    public string Name { get; set; } = "";
    public ConditionDraft When { get; set; } = new() { Kind = "all" };
    public string Effect { get; set; } = "allow";
    public List<StepDraft> Steps { get; init; } = [];
    public string Message { get; set; } = "";

    public static RuleDraft Of(PolicyRule rule) => new()
    {
        Name = rule.Name, When = ConditionDraft.Of(rule.When), Effect = PolicyJson.Word(rule.Effect), Steps = [.. rule.Steps.Select(StepDraft.Of)], Message = rule.Message ?? "",
    };

    public RuleDraft Copy() => new() { Name = Name, When = When.Copy(), Effect = Effect, Steps = [.. Steps.Select(s => s.Copy())], Message = Message };

    public JsonObject Json(bool isDefault)
    {
        var rule = isDefault ? new JsonObject() : new JsonObject { ["name"] = Name.Trim(), ["when"] = When.Json() };
        rule["effect"] = Effect;
        if (Effect == "requireApproval") rule["steps"] = new JsonArray([.. Steps.Select(s => s.Json())]);
        if (Effect == "deny" && Message.Trim().Length > 0) rule["message"] = Message.Trim();
        return rule;
    }

    /// <summary>The rule aloud, or what is wrong with it.</summary>
    public (string? Sentence, IReadOnlyList<string> Errors) Read()
    {
        var (list, errors) = PolicyReader.Read(new JsonObject { ["rules"] = new JsonArray(Json(isDefault: false)), ["default"] = new JsonObject { ["effect"] = "allow" } }.Deserialize<JsonElement>());
        return list is not null ? (PolicyWords.Read(list.Rules[0]), []) : (null, [.. errors.Select(e => $"{e.Key.Replace("rules[0].", "", StringComparison.Ordinal)}: {e.Value[0]}")]);
    }
}

/// <summary>A condition being edited: all, any, not, or a comparison.</summary>
public sealed class ConditionDraft
{
    public Guid Key { get; } = Guid.NewGuid();
    public string Kind { get; set; } = "compare";
    public List<ConditionDraft> Parts { get; init; } = [];
    public string Field { get; set; } = "gpuCount";
    public string Operator { get; set; } = "ge";
    /// <summary>As typed; several with commas between.</summary>
    public string Value { get; set; } = "1";

    public static ConditionDraft Of(Condition condition) => condition switch
    {
        Condition.All all => new() { Kind = "all", Parts = [.. all.Parts.Select(Of)] },
        Condition.Any any => new() { Kind = "any", Parts = [.. any.Parts.Select(Of)] },
        Condition.Not not => new() { Kind = "not", Parts = [Of(not.Part)] },
        Condition.CompareWords words => new() { Field = words.Field.Name, Operator = words.Operator, Value = string.Join(", ", words.Values) },
        Condition.CompareNumber number => new() { Field = number.Field.Name, Operator = number.Operator, Value = string.Join(", ", number.Values.Select(v => v.ToString("0.############", CultureInfo.InvariantCulture))) },
        _ => throw new InvalidOperationException($"Unknown condition {condition}."),
    };

    public ConditionDraft Copy() => new() { Kind = Kind, Parts = [.. Parts.Select(p => p.Copy())], Field = Field, Operator = Operator, Value = Value };

    public JsonObject Json() => Kind switch
    {
        "all" or "any" => new() { [Kind] = new JsonArray([.. Parts.Select(p => p.Json())]) },
        "not" => new() { ["not"] = Parts.Count > 0 ? Parts[0].Json() : new JsonObject() },
        _ => new() { ["field"] = Field, ["op"] = Operator, ["value"] = Operator == "in" ? new JsonArray([.. Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Typed)]) : Typed(Value.Trim()) },
    };

    private JsonNode? Typed(string text) => PolicyFields.Find(Field)?.Type == PolicyFieldType.Number && decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? JsonValue.Create(number) : JsonValue.Create(text);
}

/// <summary>A step being edited.</summary>
public sealed class StepDraft
{
    public Guid Key { get; } = Guid.NewGuid();
    /// <summary>teamLeads, itemOwners, role or people.</summary>
    public string Who { get; set; } = "teamLeads";
    public string Role { get; set; } = PortalRoles.Admin;
    /// <summary>E-mails with commas between.</summary>
    public string People { get; set; } = "";
    public string Count { get; set; } = "1";
    /// <summary>Hours.</summary>
    public string Expires { get; set; } = "24";

    public static StepDraft Of(ApprovalStep step) => new()
    {
        Who = step.Approvers switch { Approvers.TeamLeads => "teamLeads", Approvers.ItemOwners => "itemOwners", Approvers.InRole => "role", _ => "people" },
        Role = (step.Approvers as Approvers.InRole)?.Role ?? PortalRoles.Admin,
        People = step.Approvers is Approvers.People people ? string.Join(", ", people.Emails) : "",
        Count = step.Count.ToString(CultureInfo.InvariantCulture),
        Expires = step.ExpiresAfter.TotalHours.ToString("0.####", CultureInfo.InvariantCulture),
    };

    public StepDraft Copy() => new() { Who = Who, Role = Role, People = People, Count = Count, Expires = Expires };

    public JsonObject Json()
    {
        JsonObject approvers = Who switch
        {
            "role" => new() { ["role"] = Role },
            "people" => new() { ["people"] = new JsonArray([.. People.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(p => JsonValue.Create(p))]) },
            var who => new() { [who] = true },
        };
        return new JsonObject
        {
            ["approvers"] = approvers,
            ["count"] = int.TryParse(Count, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? JsonValue.Create(count) : JsonValue.Create(Count),
            ["expiresAfter"] = double.TryParse(Expires, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var hours) && hours is > 0 and < 10_000 ? IsoDuration.Format(TimeSpan.FromHours(hours)) : Expires,
        };
    }
}
