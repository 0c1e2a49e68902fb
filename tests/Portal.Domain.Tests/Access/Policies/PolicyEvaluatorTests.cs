using System.Text.Json;
using AwesomeAssertions;
using Portal.Domain.Access.Policies;
using Xunit;

namespace Portal.Domain.Tests.Access.Policies;

/// <summary>The evaluator against a second, naive reading of the same policies, and the laws it must keep.</summary>
public sealed class PolicyEvaluatorTests
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 40)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Verdict_OfAnyListAndRequest_IsThatOfTheFirstRuleThatHolds(int seed)
    {
        var cases = new PolicyCases(seed);
        for (var i = 0; i < 50; i++)
        {
            var (list, facts) = (cases.List(seed % 12), cases.Facts());
            var verdict = PolicyEvaluator.Evaluate(list, facts);
            var first = list.Rules.TakeWhile(r => !Naive(PolicyJson.Write(r.When).Deserialize<JsonElement>(), facts)).Count();
            verdict.Rule.Should().Be(first < list.Rules.Count ? list.Rules[first] : list.Default);
            verdict.Number.Should().Be(first + 1);
            verdict.Trace.Select(t => t.Number).Should().Equal(Enumerable.Range(1, verdict.Number));
            verdict.Trace.Select(t => t.Matched).Should().Equal(Enumerable.Range(1, verdict.Number).Select(n => n == verdict.Number), "the explanation agrees with the result");
            verdict.Trace.Should().OnlyContain(t => t.Why.Length > 0);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Rules_AfterTheDecidingOne_ChangeNothing(int seed)
    {
        var cases = new PolicyCases(seed);
        for (var i = 0; i < 50; i++)
        {
            var (list, facts) = (cases.List(6), cases.Facts());
            var verdict = PolicyEvaluator.Evaluate(list, facts);
            var cut = list with { Rules = [.. list.Rules.Take(verdict.Number), .. Enumerable.Range(0, 3).Select(n => cases.Rule($"new {n}"))] };
            if (verdict.Number <= list.Rules.Count) PolicyEvaluator.Evaluate(cut, facts).Trace.Should().Equal(verdict.Trace);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Policies_WrittenAndRead_AreTheSame(int seed)
    {
        var cases = new PolicyCases(seed);
        var list = cases.List(10);
        var document = PolicyJson.Write(list).Deserialize<JsonElement>();
        var (read, errors) = PolicyReader.Read(document);
        errors.Should().BeEmpty();
        JsonSerializer.Serialize(PolicyJson.Write(read!)).Should().Be(JsonSerializer.Serialize(document));
        for (var i = 0; i < 20; i++)
        {
            var facts = cases.Facts();
            PolicyEvaluator.Evaluate(read!, facts).Trace.Should().BeEquivalentTo(PolicyEvaluator.Evaluate(list, facts).Trace);
        }
    }

    [Fact]
    public void Trace_SaysWithAmountsWhyEachRuleDidNotMatch()
    {
        var list = Read("""
            {"rules": [
              {"name": "Restricted data never on spot", "when": {"all": [{"field": "dataClass", "op": "eq", "value": "restricted"}, {"field": "capacity", "op": "eq", "value": "spot"}]}, "effect": "deny", "message": "Not on spot."},
              {"name": "Budget is spent", "when": {"field": "budgetLeftAfter", "op": "lt", "value": 0}, "effect": "deny"},
              {"name": "Cheap", "when": {"field": "hourlyPrice", "op": "le", "value": 1}, "effect": "allow"},
              {"name": "No GPU", "when": {"not": {"field": "gpuCount", "op": "ge", "value": 1}}, "effect": "allow"},
              {"name": "Any other GPU", "when": {"field": "gpuCount", "op": "ge", "value": 1}, "effect": "requireApproval", "steps": [{"approvers": {"teamLeads": true}}]}],
             "default": {"effect": "deny"}}
            """);
        var verdict = PolicyEvaluator.Evaluate(list, PolicyCases.Plain);
        verdict.Trace.Select(t => t.Why).Should().Equal("data class is internal", "budget left after $408.37 is above $0", "price $7.0928/h is above $1/h", "GPU count 4 is above 1", "GPU count 4 is above 1");
        (verdict.Effect, verdict.Rule.Name, verdict.Rule.Steps[0].ExpiresAfter).Should().Be((PolicyEffect.RequireApproval, "Any other GPU", TimeSpan.FromHours(24)));
        PolicyEvaluator.Evaluate(list with { Rules = [] }, PolicyCases.Plain).Trace.Should().Equal(new PolicyTrace(1, "Otherwise", true, "no rule before it matched"));
    }

    [Fact]
    public void WithoutABound_IsAboveEveryNumber()
    {
        var endless = PolicyCases.Plain with { LifetimeHours = null, BudgetLeftAfter = null };
        Test("lifetimeHours", "gt", 100000, endless).Should().Be((true, "lifetime has no end"));
        Test("lifetimeHours", "le", 100000, endless).Holds.Should().BeFalse();
        Test("budgetLeftAfter", "lt", 0, endless).Should().Be((false, "the team has no budget"));
    }

    [Fact]
    public void FiveHundredRules_AreAskedWithinAMillisecond()
    {
        var cases = new PolicyCases(7);
        // None matches, so that all are asked.
        var list = new PolicyList([.. Enumerable.Range(0, 500).Select(i => cases.Rule($"rule {i}") with { When = new Condition.All([cases.Condition(1), new Condition.CompareNumber(PolicyFields.Find("gpuCount")!, "gt", [100])]) })], PolicyRule.Otherwise(PolicyEffect.Allow));
        var times = Enumerable.Range(0, 300).Select(_ =>
        {
            var watch = System.Diagnostics.Stopwatch.StartNew();
            PolicyEvaluator.Evaluate(list, PolicyCases.Plain).Number.Should().Be(501);
            return watch.Elapsed.TotalMilliseconds;
        }).Skip(100).Order().ToList();
        TestContext.Current.TestOutputHelper!.WriteLine($"median {times[times.Count / 2]:0.000} ms");
        times[times.Count / 2].Should().BeLessThan(1);
    }

    internal static PolicyList Read(string json)
    {
        var (list, errors) = PolicyReader.Read(JsonSerializer.Deserialize<JsonElement>(json));
        errors.Should().BeEmpty();
        return list!;
    }

    private static (bool Holds, string Why) Test(string field, string op, decimal value, PolicyFacts facts) =>
        new Condition.CompareNumber(PolicyFields.Find(field)!, op, [value]) is var condition ? (condition.Holds(facts), condition.Explain(facts)) : default;

    /// <summary>Reads the wire form without any of the code under test.</summary>
    private static bool Naive(JsonElement when, PolicyFacts facts)
    {
        if (when.TryGetProperty("all", out var all)) return all.EnumerateArray().All(p => Naive(p, facts));
        if (when.TryGetProperty("any", out var any)) return any.EnumerateArray().Any(p => Naive(p, facts));
        if (when.TryGetProperty("not", out var not)) return !Naive(not, facts);
        var (field, op, value) = (when.GetProperty("field").GetString()!, when.GetProperty("op").GetString()!, when.GetProperty("value"));
        object? actual = field switch
        {
            "role" => facts.Roles,
            "capacity" => facts.Capacity switch { Domain.Workloads.CapacityType.OnDemand => "on-demand", Domain.Workloads.CapacityType.Spot => "spot", _ => "spot-with-fallback" },
            "kind" => facts.Kind.ToString(),
            _ => typeof(PolicyFacts).GetProperty(field, System.Reflection.BindingFlags.IgnoreCase | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Instance)!.GetValue(facts),
        };
        if (actual is IReadOnlyList<string> words) return op == "in" ? value.EnumerateArray().Any(v => words.Contains(v.GetString())) : words.Contains(value.GetString());
        if (field is "gpuCount" or "vcpu" or "memoryGib" or "hourlyPrice" or "monthlyPrice" or "lifetimeHours" or "budgetLeftAfter")
        {
            var number = actual is null ? double.PositiveInfinity : Convert.ToDouble(actual);
            return op switch
            {
                "eq" => number == value.GetDouble(), "ne" => number != value.GetDouble(), "lt" => number < value.GetDouble(), "le" => number <= value.GetDouble(),
                "gt" => number > value.GetDouble(), "ge" => number >= value.GetDouble(), _ => value.EnumerateArray().Any(v => v.GetDouble() == number),
            };
        }
        return op switch { "eq" => (string?)actual == value.GetString(), "ne" => (string?)actual != value.GetString(), _ => value.EnumerateArray().Any(v => v.GetString() == (string?)actual) };
    }
}
