using Portal.Domain.Workloads;

namespace Portal.Domain.Access.Policies;

/// <summary>What kind of values a field has, and so how it can be compared.</summary>
public enum PolicyFieldType
{
    /// <summary>One word: eq, ne, in.</summary>
    Word,
    /// <summary>A number: eq, ne, lt, le, gt, ge, in.</summary>
    Number,
    /// <summary>A set of words: contains, in (any of them).</summary>
    Words,
}

/// <summary>A field of <see cref="PolicyFacts"/> as rules name it.</summary>
/// <param name="Label">For forms and sentences.</param>
/// <param name="Unit">How an amount is written: <c>$</c>, <c>$/h</c>, <c>$/month</c>, <c>h</c>, <c>GiB</c> or nothing.</param>
/// <param name="Allowed">The only possible words; null: any.</param>
public sealed record PolicyField(string Name, PolicyFieldType Type, string Label, string Unit, IReadOnlyList<string>? Allowed, Func<PolicyFacts, PolicyValue> Read)
{
    /// <summary>Operators that make sense for it.</summary>
    public IReadOnlyList<string> Operators => Type switch
    {
        PolicyFieldType.Word => ["eq", "ne", "in"],
        PolicyFieldType.Number => ["eq", "ne", "lt", "le", "gt", "ge", "in"],
        _ => ["contains", "in"],
    };
}

/// <summary>A field's value: one of the three, by the field's type. A number that is null has no bound: above every other.</summary>
public readonly record struct PolicyValue(string? Word, decimal? Number, IReadOnlyList<string>? Words)
{
    public static PolicyValue OfWord(string? word) => new(word, null, null);

    public static PolicyValue OfNumber(decimal? number) => new(null, number, null);

    public static PolicyValue OfWords(IReadOnlyList<string> words) => new(null, null, words);
}

/// <summary>Every field, in the order forms show them.</summary>
public static class PolicyFields
{
    /// <summary>In <c>role</c>: leads the paying team.</summary>
    public const string Lead = "lead";
    /// <summary>In <c>role</c>: an ordinary member of the paying team.</summary>
    public const string Member = "member";

    public static IReadOnlyList<PolicyField> All { get; } =
    [
        Word("item", "item", f => f.Item),
        Word("category", "category", f => f.Category),
        Word("kind", "kind", f => f.Kind.ToString(), Enum.GetNames<WorkloadKind>()),
        Word("hardware", "hardware", f => f.Hardware),
        Word("gpuKind", "GPU kind", f => f.GpuKind),
        Number("gpuCount", "GPU count", "", f => f.GpuCount),
        Number("vcpu", "vCPU", "", f => f.Vcpu),
        Number("memoryGib", "memory", "GiB", f => f.MemoryGib),
        Word("target", "target", f => f.Target),
        Word("capacity", "capacity", f => f.Capacity.ToWord(), [.. Enum.GetValues<CapacityType>().Select(c => c.ToWord())]),
        Number("hourlyPrice", "price", "$/h", f => f.HourlyPrice),
        Number("monthlyPrice", "price if left on", "$/month", f => f.MonthlyPrice),
        Number("lifetimeHours", "lifetime", "h", f => f.LifetimeHours),
        Word("team", "team", f => f.Team),
        new("role", PolicyFieldType.Words, "role", "", [.. PortalRoles.All, Lead, Member], f => PolicyValue.OfWords(f.Roles)),
        Word("dataClass", "data class", f => f.DataClass, ["public", "internal", "restricted"]),
        Number("budgetLeftAfter", "budget left after", "$", f => f.BudgetLeftAfter),
    ];

    private static readonly Dictionary<string, PolicyField> ByName = All.ToDictionary(f => f.Name);

    /// <summary>Null when there is none of that name.</summary>
    public static PolicyField? Find(string name) => ByName.GetValueOrDefault(name);

    private static PolicyField Word(string name, string label, Func<PolicyFacts, string?> read, IReadOnlyList<string>? allowed = null) => new(name, PolicyFieldType.Word, label, "", allowed, f => PolicyValue.OfWord(read(f)));

    private static PolicyField Number(string name, string label, string unit, Func<PolicyFacts, decimal?> read) => new(name, PolicyFieldType.Number, label, unit, null, f => PolicyValue.OfNumber(read(f)));
}
