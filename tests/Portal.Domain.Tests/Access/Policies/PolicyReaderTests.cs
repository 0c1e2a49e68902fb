using System.Text.Json;
using AwesomeAssertions;
using Portal.Domain.Access.Policies;
using Xunit;

namespace Portal.Domain.Tests.Access.Policies;

public sealed class PolicyReaderTests
{
    [Theory]
    [InlineData("""[]""", "policies", "An object with rules, default")]
    [InlineData("""{"rules": []}""", "default", "no rule matches")]
    [InlineData("""{"default": {"effect": "allow"}}""", "rules", "A list of rules")]
    [InlineData("""{"rules": [], "default": {"effect": "maybe"}}""", "default.effect", "allow, requireApproval, deny")]
    [InlineData("""{"rules": [], "default": {"effect": "allow"}, "x": 1}""", "x", "no such field")]
    [InlineData("""{"rules": [], "default": {"effect": "requireApproval"}}""", "default.steps", "Who is asked")]
    [InlineData("""{"rules": [], "default": {"effect": "allow", "message": "hi"}}""", "default.message", "Only a rule that denies")]
    public void Document_Wrong_SaysWhere(string json, string path, string message) => ShouldRefuse(json, path, message);

    [Theory]
    [InlineData("""{"field": "price", "op": "gt", "value": 1}""", "rules[0].when.field", "There is no field")]
    [InlineData("""{"field": "hourlyPrice", "op": "contains", "value": 1}""", "rules[0].when.op", "eq, ne, lt, le, gt, ge, in")]
    [InlineData("""{"field": "hourlyPrice", "op": "gt", "value": "1"}""", "rules[0].when.value", "with a number")]
    [InlineData("""{"field": "hourlyPrice", "op": "gt"}""", "rules[0].when.value", "compared with")]
    [InlineData("""{"field": "item", "op": "in", "value": "a"}""", "rules[0].when.value", "A list of 1 to")]
    [InlineData("""{"field": "item", "op": "in", "value": []}""", "rules[0].when.value", "A list of 1 to")]
    [InlineData("""{"field": "item", "op": "gt", "value": "a"}""", "rules[0].when.op", "cannot be compared by")]
    [InlineData("""{"field": "dataClass", "op": "eq", "value": "secret"}""", "rules[0].when.value", "is never \"secret\"")]
    [InlineData("""{"field": "kind", "op": "in", "value": ["Notebook", "notebook"]}""", "rules[0].when.value", "is never \"notebook\"")]
    [InlineData("""{"all": [{"not": {"any": []}}]}""", "rules[0].when.all[0].not.any", "A list of at most")]
    [InlineData("""{"all": [], "any": []}""", "rules[0].when", "One of")]
    [InlineData("""true""", "rules[0].when", "One of")]
    [InlineData("""{"field": "item", "op": "eq", "value": "a", "note": ""}""", "rules[0].when.note", "no such field")]
    public void Condition_Wrong_SaysWhere(string when, string path, string message) =>
        ShouldRefuse($$"""{"rules": [{"name": "r", "when": {{when}}, "effect": "allow"}], "default": {"effect": "allow"} }""", path, message);

    [Theory]
    [InlineData("""[]""", "rules[0].steps", "1 to 5")]
    [InlineData("""[{"approvers": {"teamLeads": false}}]""", "rules[0].steps[0].approvers", "One of")]
    [InlineData("""[{"approvers": {"role": "Boss"}}]""", "rules[0].steps[0].approvers.role", "Admin, FinOps, Auditor")]
    [InlineData("""[{"approvers": {"people": ["a@b.c", "A@B.C"]}}]""", "rules[0].steps[0].approvers.people", "different")]
    [InlineData("""[{"approvers": {"people": ["a@b.c"]}, "count": 2}]""", "rules[0].steps[0].count", "cannot give 2")]
    [InlineData("""[{"approvers": {"teamLeads": true}, "count": 0}]""", "rules[0].steps[0].count", "from 1 to 10")]
    [InlineData("""[{"approvers": {"teamLeads": true}, "expiresAfter": "soon"}]""", "rules[0].steps[0].expiresAfter", "PT24H")]
    [InlineData("""[{"count": 1}]""", "rules[0].steps[0].approvers", "One of")]
    public void Steps_Wrong_SayWhere(string steps, string path, string message) =>
        ShouldRefuse($$"""{"rules": [{"name": "r", "when": {"all": []}, "effect": "requireApproval", "steps": {{steps}} }], "default": {"effect": "allow"} }""", path, message);

    [Fact]
    public void TwoRules_OfOneName_AreRefused() =>
        ShouldRefuse("""{"rules": [{"name": "GPU", "when": {"all": []}, "effect": "allow"}, {"name": "gpu", "when": {"all": []}, "effect": "deny"}], "default": {"effect": "allow"}}""", "rules", "Two rules are named");

    [Fact]
    public void Nesting_WithoutEnd_IsRefused()
    {
        var when = string.Concat(Enumerable.Repeat("""{"not": """, 30)) + """{"all": []}""" + new string('}', 30);
        var (list, errors) = PolicyReader.Read(JsonSerializer.Deserialize<JsonElement>($$"""{"rules": [{"name": "r", "when": {{when}}, "effect": "allow"}], "default": {"effect": "allow"} }"""));
        list.Should().BeNull();
        errors.Should().ContainSingle().Which.Value[0].Should().Contain("nested 10 deep");
    }

    private static void ShouldRefuse(string json, string path, string message)
    {
        var (list, errors) = PolicyReader.Read(JsonSerializer.Deserialize<JsonElement>(json));
        list.Should().BeNull();
        errors.Should().ContainKey(path).WhoseValue[0].Should().Contain(message);
    }
}
