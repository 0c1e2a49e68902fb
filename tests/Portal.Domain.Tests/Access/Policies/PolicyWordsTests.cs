using AwesomeAssertions;
using Portal.Domain.Access.Policies;
using Xunit;

namespace Portal.Domain.Tests.Access.Policies;

public sealed class PolicyWordsTests
{
    [Theory]
    [InlineData("""{"all": [{"field": "gpuCount", "op": "ge", "value": 1}, {"field": "hourlyPrice", "op": "gt", "value": 5}, {"field": "team", "op": "ne", "value": "vision"}]}""", "GPU launches above $5/h by anyone outside vision need two approvals: their lead, then an Admin.")]
    [InlineData("""{"all": []}""", "All launches need two approvals: their lead, then an Admin.")]
    [InlineData("""{"field": "kind", "op": "in", "value": ["Notebook", "TrainingRun"]}""", "Notebooks and Training runs need two approvals: their lead, then an Admin.")]
    [InlineData("""{"any": [{"field": "lifetimeHours", "op": "gt", "value": 24}, {"field": "dataClass", "op": "eq", "value": "restricted"}]}""", "Launches either for more than 24 h or with restricted data need two approvals: their lead, then an Admin.")]
    [InlineData("""{"not": {"all": [{"field": "capacity", "op": "eq", "value": "spot"}, {"field": "hourlyPrice", "op": "le", "value": 1.25}]}}""", "Launches either not on spot capacity or above $1.25/h need two approvals: their lead, then an Admin.")]
    [InlineData("""{"all": [{"field": "role", "op": "contains", "value": "lead"}, {"any": [{"field": "item", "op": "in", "value": ["a", "b"]}, {"field": "budgetLeftAfter", "op": "lt", "value": -20}]}]}""", "Launches by anyone who is team lead (of a or b or that leave less than −$20 of the budget) need two approvals: their lead, then an Admin.")]
    public void Rule_ThatAsks_ReadsAsASentence(string when, string sentence) =>
        PolicyWords.Read(PolicyEvaluatorTests.Read($$$"""{"rules": [{"name": "x", "when": {{{when}}}, "effect": "requireApproval", "steps": [{"approvers": {"teamLeads": true}}, {"approvers": {"role": "Admin"} }] }], "default": {"effect": "allow"} }""").Rules[0]).Should().Be(sentence);

    [Fact]
    public void Effects_AndApprovers_ReadAsASentence()
    {
        PolicyWords.Read(PolicyRule.Otherwise(PolicyEffect.Allow)).Should().Be("All launches are allowed.");
        PolicyWords.Read(PolicyRule.Otherwise(PolicyEffect.Deny, message: "Ask the platform team.")).Should().Be("All launches are refused: “Ask the platform team.”");
        PolicyWords.Steps([new(new Approvers.ItemOwners(), 1, TimeSpan.FromHours(1)), new(new Approvers.People(["a@x.org", "b@x.org", "c@x.org"]), 2, TimeSpan.FromHours(1)), new(new Approvers.InRole("FinOps"), 3, TimeSpan.FromHours(1))])
            .Should().Be("the item's owners, then two of a@x.org, b@x.org, c@x.org, then three with the role FinOps");
    }

    [Theory]
    [InlineData(1), InlineData(2), InlineData(3)]
    public void AnyRule_HasASentence(int seed)
    {
        var cases = new PolicyCases(seed);
        for (var i = 0; i < 300; i++) PolicyWords.Read(cases.Rule("x")).Should().MatchRegex(@"^\p{Lu}.+[.”]$").And.NotContain("  ");
    }
}
