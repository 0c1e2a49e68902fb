using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Portal.Benchmarks;

/// <summary>The figures of a run as a table for people and as JSON for programs.</summary>
internal sealed class Report
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private readonly List<Figure> _figures = [];
    private readonly List<string> _missing = [];

    public void Add(Figure figure)
    {
        _figures.Add(figure);
        Console.WriteLine($"  {Row(figure)}");
    }

    /// <summary>Says what was not measured, and why.</summary>
    public void Miss(string words)
    {
        _missing.Add(words);
        Console.WriteLine($"  not measured: {words}");
    }

    public void Print()
    {
        Console.WriteLine($"\n{"figure",-58} {"value",12} {"beside",24} {"ratio",7}  aim");
        foreach (var figure in _figures) Console.WriteLine(Row(figure));
        foreach (var words in _missing) Console.WriteLine($"not measured: {words}");
    }

    public void Write(string path) => File.WriteAllText(path, JsonSerializer.Serialize(new
    {
        measuredAt = TimeProvider.System.GetUtcNow(),
        processors = Environment.ProcessorCount,
        memoryMib = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20,
        figures = _figures,
        missing = _missing,
    }, Json));

    private static string Row(Figure f) => string.Create(CultureInfo.InvariantCulture,
        $"{f.Name,-58} {$"{f.Value:0.##} {f.Unit}",12} {(f.Beside is { } beside ? $"{f.BesideName} {beside:0.##}" : ""),24} {(f.Ratio is { } ratio ? $"{ratio:0.00}" : ""),7}  {Aim(f)}{(f.Note.Length > 0 ? $"  ({f.Note})" : "")}");

    private static string Aim(Figure f) => f.Aim is not { } aim ? "" : string.Create(CultureInfo.InvariantCulture,
        $"{(f.AtLeast ? "≥" : "≤")} {aim:0.##}{(f.AimIsShare ? "×" : $" {f.Unit}")} {(f.Reached switch { true => "reached", false => "MISSED", null => "nothing to compare with" })}");
}
