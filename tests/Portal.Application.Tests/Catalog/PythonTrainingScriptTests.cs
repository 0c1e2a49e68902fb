using System.Diagnostics;
using System.Text.Json;
using AwesomeAssertions;
using Portal.Application.Catalog.Files;
using Xunit;

namespace Portal.Application.Tests.Catalog;

/// <summary>Runs the example that ships as the default script, because it is what people copy: it must survive a kill and a stop.</summary>
public sealed class PythonTrainingScriptTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Script_RunToItsEnd_PrintsAFallingLossAndLeavesAModel()
    {
        using var run = Start("--steps", "100");
        var losses = Losses(await run.StandardOutput.ReadToEndAsync());
        await run.WaitForExitAsync();
        run.ExitCode.Should().Be(0);
        losses.Should().HaveCount(10).And.BeInDescendingOrder();
        File.Exists(Path.Combine(folder, "model.json")).Should().BeTrue();
        File.Exists(Path.Combine(folder, "checkpoint.json")).Should().BeFalse();
    }

    [Fact]
    public async Task Script_KilledHalfWay_GoesOnFromItsCheckpoint()
    {
        using (var killed = Start("--steps", "1000000"))
        {
            await WaitForMetricAsync(killed, 3);
            killed.Kill(entireProcessTree: true);
            await killed.WaitForExitAsync();
        }
        var saved = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "checkpoint.json"))).RootElement.GetProperty("step").GetInt32();
        saved.Should().BeGreaterThanOrEqualTo(20);
        using var resumed = Start("--steps", $"{saved + 10}");
        var output = await resumed.StandardOutput.ReadToEndAsync();
        output.Should().Contain($"Resumed from the checkpoint of step {saved}").And.Contain($"step={saved + 10}").And.Contain("Done");
        Losses(output).Should().ContainSingle();
    }

    [Fact]
    public async Task Script_AskedToStop_SavesAndDoesNotPretendToBeFinished()
    {
        using var run = Start("--steps", "1000000");
        await WaitForMetricAsync(run, 1);
        using (var kill = Process.Start("kill", ["-TERM", $"{run.Id}"]))
            await kill.WaitForExitAsync();
        (await run.StandardOutput.ReadToEndAsync()).Should().Contain("the checkpoint is saved");
        await run.WaitForExitAsync();
        run.ExitCode.Should().Be(143);
        File.Exists(Path.Combine(folder, "model.json")).Should().BeFalse();
    }

    private Process Start(params string[] arguments)
    {
        var item = CatalogFolder.Read(CatalogFixture.Shipped).Items.Single(i => i.Spec.Slug == "python-training");
        var script = Path.Combine(folder, "train.py");
        File.WriteAllText(script, JsonSerializer.Deserialize<string>(item.Spec.Parameters.Single(p => p.Name == "script").DefaultJson!));
        var start = new ProcessStartInfo("/usr/bin/python3", ["-u", script, "--pause", "0", .. arguments]) { RedirectStandardOutput = true };
        start.Environment["PORTAL_CHECKPOINT_DIR"] = start.Environment["PORTAL_ARTIFACT_DIR"] = folder;
        return Process.Start(start)!;
    }

    private static async Task WaitForMetricAsync(Process run, int count)
    {
        while (count > 0 && await run.StandardOutput.ReadLineAsync() is { } line)
            count -= line.StartsWith("::metric loss=", StringComparison.Ordinal) ? 1 : 0;
    }

    private static List<double> Losses(string output) =>
        [.. output.Split('\n').Where(l => l.StartsWith("::metric loss=", StringComparison.Ordinal)).Select(l => double.Parse(l["::metric loss=".Length..l.IndexOf(" step=", StringComparison.Ordinal)], System.Globalization.CultureInfo.InvariantCulture))];
}
