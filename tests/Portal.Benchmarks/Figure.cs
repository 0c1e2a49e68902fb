namespace Portal.Benchmarks;

/// <summary>One measured figure.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Value">The median, or the only value.</param>
/// <param name="Unit">ms, s, MiB, 1/s …</param>
/// <param name="Note">How it was measured, and how it spreads.</param>
internal sealed record Figure(string Name, double Value, string Unit, string Note = "")
{
    /// <summary>What it is compared with in the same run, in the same unit: another product, or the same without the portal.</summary>
    public double? Beside { get; init; }

    /// <summary>What <see cref="Beside"/> is.</summary>
    public string? BesideName { get; init; }

    /// <summary>The aim: the value, or its share of <see cref="Beside"/> when <see cref="AimIsShare"/>.</summary>
    public double? Aim { get; init; }

    public bool AimIsShare { get; init; }

    /// <summary>True where more is better.</summary>
    public bool AtLeast { get; init; }

    /// <summary>The value's share of <see cref="Beside"/>.</summary>
    public double? Ratio => Beside is > 0 ? Value / Beside : null;

    /// <summary>Whether the aim is reached; null without an aim, or without what it is compared with.</summary>
    public bool? Reached => Aim is not { } aim || (AimIsShare ? Ratio : Value) is not { } reached ? null : AtLeast ? reached >= aim : reached <= aim;
}
