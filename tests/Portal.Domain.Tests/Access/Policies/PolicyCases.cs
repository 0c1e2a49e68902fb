using Portal.Domain.Access.Policies;
using Portal.Domain.Workloads;

namespace Portal.Domain.Tests.Access.Policies;

/// <summary>Random policies and requests, the same for the same seed.</summary>
internal sealed class PolicyCases(int seed)
{
    private static readonly string[] Slugs = ["alpha", "beta", "gamma"];
    private readonly Random _random = new(seed);

    internal static PolicyFacts Plain { get; } = new()
    {
        Item = "tiny-lm-endpoint", Category = "model-serving", Kind = WorkloadKind.ModelEndpoint, Hardware = "gpu-a10g", GpuKind = "A10G", GpuCount = 4, Vcpu = 16, MemoryGib = 64,
        Target = "local", Capacity = CapacityType.OnDemand, HourlyPrice = 7.0928m, LifetimeHours = 18, Team = "nlp", Roles = ["member"], DataClass = "internal", BudgetLeftAfter = 408.37m,
    };

    internal PolicyFacts Facts() => new()
    {
        Item = Slug(), Category = Slug(), Kind = (WorkloadKind)_random.Next(4), Hardware = Slug(), GpuKind = _random.Next(2) == 0 ? null : Slug(), GpuCount = _random.Next(4), Vcpu = _random.Next(4),
        MemoryGib = _random.Next(4), Target = Slug(), Capacity = (CapacityType)_random.Next(3), HourlyPrice = _random.Next(4), LifetimeHours = _random.Next(3) == 0 ? null : _random.Next(4),
        Team = Slug(), Roles = _random.Next(2) == 0 ? ["Admin", "lead"] : ["member"], DataClass = new[] { "public", "internal", "restricted" }[_random.Next(3)], BudgetLeftAfter = _random.Next(3) == 0 ? null : _random.Next(4) - 1,
    };

    internal PolicyList List(int rules) => new([.. Enumerable.Range(0, rules).Select(i => Rule($"rule {i}"))], PolicyRule.Otherwise(PolicyEffect.Allow));

    internal PolicyRule Rule(string name)
    {
        var effect = (PolicyEffect)_random.Next(3);
        return new PolicyRule(name, Condition(0), effect, effect == PolicyEffect.RequireApproval ? [new ApprovalStep(Approvers(), 1, TimeSpan.FromHours(1 + _random.Next(48)))] : [], effect == PolicyEffect.Deny ? "No." : null);
    }

    internal Condition Condition(int depth) => (depth > 2 ? 3 : _random.Next(6)) switch
    {
        0 => new Condition.All(Parts(depth, 0)),
        1 => new Condition.Any(Parts(depth, 1)),
        2 => new Condition.Not(Condition(depth + 1)),
        _ => Comparison(),
    };

    private Condition Comparison()
    {
        var field = PolicyFields.All[_random.Next(PolicyFields.All.Count)];
        var op = field.Operators[_random.Next(field.Operators.Count)];
        var count = op == "in" ? 1 + _random.Next(2) : 1;
        return field.Type == PolicyFieldType.Number
            ? new Condition.CompareNumber(field, op, [.. Enumerable.Range(0, count).Select(_ => (decimal)_random.Next(4))])
            : new Condition.CompareWords(field, op, [.. Enumerable.Range(0, count).Select(_ => field.Allowed is { } allowed ? allowed[_random.Next(allowed.Count)] : Slug())]);
    }

    private Approvers Approvers() => _random.Next(4) switch { 0 => new Approvers.TeamLeads(), 1 => new Approvers.ItemOwners(), 2 => new Approvers.InRole("FinOps"), _ => new Approvers.People(["a@example.org", "b@example.org"]) };

    private List<Condition> Parts(int depth, int least) => [.. Enumerable.Range(0, least + _random.Next(3)).Select(_ => Condition(depth + 1))];

    private string Slug() => Slugs[_random.Next(Slugs.Length)];
}
