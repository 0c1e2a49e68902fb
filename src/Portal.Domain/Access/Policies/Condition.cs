using System.Globalization;

namespace Portal.Domain.Access.Policies;

/// <summary>A condition over <see cref="PolicyFacts"/>. Pure; every condition has an answer for every request.</summary>
public abstract record Condition
{
    private Condition() { }

    public abstract bool Holds(PolicyFacts facts);

    /// <summary>The facts that decide it, in words. They are facts, so they explain the opposite of a condition as well.</summary>
    public abstract string Explain(PolicyFacts facts);

    /// <summary>All of them; of none: true.</summary>
    public sealed record All(IReadOnlyList<Condition> Parts) : Condition
    {
        public override bool Holds(PolicyFacts facts)
        {
            for (var i = 0; i < Parts.Count; i++)
                if (!Parts[i].Holds(facts)) return false;
            return true;
        }

        public override string Explain(PolicyFacts facts) =>
            Parts.Count == 0 ? "it has no condition" : Parts.FirstOrDefault(p => !p.Holds(facts))?.Explain(facts) ?? string.Join(" and ", Parts.Select(p => p.Explain(facts)));
    }

    /// <summary>At least one of them; of none: false.</summary>
    public sealed record Any(IReadOnlyList<Condition> Parts) : Condition
    {
        public override bool Holds(PolicyFacts facts)
        {
            for (var i = 0; i < Parts.Count; i++)
                if (Parts[i].Holds(facts)) return true;
            return false;
        }

        public override string Explain(PolicyFacts facts) =>
            Parts.Count == 0 ? "it is an empty choice" : Parts.FirstOrDefault(p => p.Holds(facts))?.Explain(facts) ?? string.Join(" and ", Parts.Select(p => p.Explain(facts)));
    }

    public sealed record Not(Condition Part) : Condition
    {
        public override bool Holds(PolicyFacts facts) => !Part.Holds(facts);

        public override string Explain(PolicyFacts facts) => Part.Explain(facts);
    }

    /// <summary>A field against a word or words.</summary>
    /// <param name="Operator">eq, ne, in or contains.</param>
    public sealed record CompareWords(PolicyField Field, string Operator, IReadOnlyList<string> Values) : Condition
    {
        public override bool Holds(PolicyFacts facts)
        {
            var words = Actual(facts);
            for (var i = 0; i < Values.Count; i++)
                if (words.Contains(Values[i], StringComparer.OrdinalIgnoreCase)) return Operator != "ne";
            return Operator == "ne";
        }

        public override string Explain(PolicyFacts facts) => Actual(facts) is { Count: > 0 } words ? $"{Field.Label} is {string.Join(", ", words)}" : $"it has no {Field.Label}";

        private IReadOnlyList<string> Actual(PolicyFacts facts) => Field.Read(facts) is var value && Field.Type == PolicyFieldType.Words ? value.Words! : value.Word is { } word ? [word] : [];
    }

    /// <summary>A field against a number or numbers.</summary>
    /// <param name="Operator">eq, ne, lt, le, gt, ge or in.</param>
    public sealed record CompareNumber(PolicyField Field, string Operator, IReadOnlyList<decimal> Values) : Condition
    {
        public override bool Holds(PolicyFacts facts)
        {
            var actual = Field.Read(facts).Number;
            var order = Order(actual);
            return Operator switch
            {
                "eq" => order == 0,
                "ne" => order != 0,
                "lt" => order < 0,
                "le" => order <= 0,
                "gt" => order > 0,
                "ge" => order >= 0,
                _ => actual is { } one && Values.Contains(one),
            };
        }

        public override string Explain(PolicyFacts facts)
        {
            if (Field.Read(facts).Number is not { } actual) return Field.Name == "budgetLeftAfter" ? "the team has no budget" : $"{Field.Label} has no end";
            var order = Order(actual);
            return Operator is "lt" or "le" or "gt" or "ge" && order != 0
                ? $"{Field.Label} {Amount(Field, actual)} is {(order < 0 ? "below" : "above")} {Amount(Field, Values[0])}"
                : $"{Field.Label} is {Amount(Field, actual)}";
        }

        // Without a bound it is above every number.
        private int Order(decimal? actual) => actual is { } number ? number.CompareTo(Values[0]) : 1;
    }

    /// <summary>A number in the field's unit, such as <c>$5/h</c>.</summary>
    internal static string Amount(PolicyField field, decimal value)
    {
        var text = Math.Abs(value).ToString(field.Unit.StartsWith('$') ? value == decimal.Truncate(value) ? "#,##0" : "#,##0.00##" : "0.####", CultureInfo.InvariantCulture);
        var sign = value < 0 ? "−" : "";
        return field.Unit.StartsWith('$') ? $"{sign}${text}{field.Unit[1..]}" : field.Unit.Length > 0 ? $"{sign}{text} {field.Unit}" : sign + text;
    }
}
