using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.EndToEnd.Tests.Backups;

/// <summary>A portal set up with <c>deploy/dev/up</c> is backed up while it works, and goes on in another folder as if nothing had been.</summary>
public sealed class BackupTests : IAsyncLifetime
{
    // A run begins each attempt with an empty folder; what it wants to go on with it keeps among its checkpoints.
    private const string Script = "import os, time\nopen(os.environ['PORTAL_CHECKPOINT_DIR'] + '/mark.txt', 'a').write('x')\nprint('up', flush=True)\ntime.sleep(3600)\n";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(6);
    private static readonly string[] Sources = ["src", "migrations", "wwwroot", "deploy", "Directory.Build.props", "Directory.Packages.props", "nuget.config", "global.json", "BannedSymbols.txt", ".editorconfig"];

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"portal-backup-{Guid.NewGuid():N}"[..20]);
    private readonly int _port = PortalProcess.FreePort(), _appsPort = PortalProcess.FreePort();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string First => Path.Combine(_folder, "first");

    private string Second => Path.Combine(_folder, "second");

    private string Keys => Path.Combine(_folder, "keys");

    public ValueTask InitializeAsync()
    {
        Clone(First);
        Clone(Second);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var clone in new[] { First, Second }) await RunAsync(clone, "down");
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Portal_BackedUpWhileItWorks_GoesOnInAnotherFolder()
    {
        await SucceedAsync(First, "up", "--detach");
        var token = await File.ReadAllTextAsync(Path.Combine(First, ".data", "admin-token"), Ct);
        var id = (await SendAsync(token, HttpMethod.Post, "/workloads", new { item = "python-training", name = "kept", hardware = "cpu-tiny", parameters = new { script = Script } })).GetProperty("id").GetGuid();
        await UntilRunningAsync(token, id, attempt: 1);
        await UntilAsync(() => MarkOf(First, id) == "x");
        var backup = (await SucceedAsync(First, "backup", Path.Combine(_folder, "backups"), "--key-folder", Keys)).TrimEnd().Split('\n')[^1];
        Directory.GetFiles(backup).Select(Path.GetFileName).Should().BeEquivalentTo(["database.dump", "workloads.tar.gz", "manifest"]);
        Directory.GetFiles(backup).Should().NotContain(file => Holds(file, File.ReadAllText(Path.Combine(Keys, "master.key")).Trim()), "the key is kept apart");
        await SucceedAsync(First, "down");

        await RefusesAsync(backup, "another portal's", keys: await ForeignKeyAsync());
        await RefusesAsync(await AlteredAsync(backup, "damaged", b => File.AppendAllTextAsync(Path.Combine(b, "workloads.tar.gz"), "x")), "is damaged");
        await RefusesAsync(await AlteredAsync(backup, "newer", b => ReplaceAsync(Path.Combine(b, "manifest"), "schema=", "schema=9")), "made by a newer portal");
        await RefusesAsync(await AlteredAsync(backup, "unknown", b => ReplaceAsync(Path.Combine(b, "manifest"), "format=1", "format=2")), "has the format '2'");
        await RefusesAsync(Keys, "is not a backup");
        Directory.Exists(Path.Combine(Second, ".data", "postgres")).Should().BeFalse("what is refused changes nothing");

        await SucceedAsync(Second, "restore", backup, "--key-folder", Keys);
        await RefusesAsync(backup, "There is a portal here already");
        await SucceedAsync(Second, "up", "--detach");
        await UntilRunningAsync(token, id, attempt: 2);
        await UntilAsync(() => MarkOf(Second, id) == "xx");
        (await SendAsync(token, HttpMethod.Get, "/me", null)).GetProperty("email").GetString().Should().Be("admin@portal.local", "tokens are those of the backup");
        await SucceedAsync(Second, "verify-audit");
    }

    /// <summary>What a clone has, without what was built in this one.</summary>
    private static void Clone(string target)
    {
        Directory.CreateDirectory(target, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(Path.GetDirectoryName(target)!, (UnixFileMode)0b111_101_101);
        var there = Sources.Where(s => Path.Exists(Path.Combine(RepositoryFolder.Root, s)));
        using var tar = Process.Start("bash", ["-c", "tar --exclude=bin --exclude=obj -C \"$1\" -c \"${@:3}\" | tar -x -C \"$2\"", "-", RepositoryFolder.Root, target, .. there]);
        tar.WaitForExit();
        tar.ExitCode.Should().Be(0);
    }

    private async Task RefusesAsync(string backup, string why, string? keys = null)
    {
        var (code, output) = await RunAsync(Second, "restore", backup, "--key-folder", keys ?? Keys);
        code.Should().Be(1, output);
        output.Should().Contain(why);
    }

    private async Task<string> ForeignKeyAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "foreign")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "master.key"), Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)), Ct);
        return folder;
    }

    private async Task<string> AlteredAsync(string backup, string name, Func<string, Task> alter)
    {
        var copy = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        foreach (var file in Directory.GetFiles(backup)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        await alter(copy);
        return copy;
    }

    private static async Task ReplaceAsync(string file, string old, string replacement) => await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, Ct)).Replace(old, replacement, StringComparison.Ordinal), Ct);

    private static bool Holds(string file, string text) => Encoding.Latin1.GetString(File.ReadAllBytes(file)).Contains(text, StringComparison.Ordinal);

    private static string MarkOf(string clone, Guid id)
    {
        var data = File.Exists(Path.Combine(clone, ".data", "data-folder")) ? File.ReadAllText(Path.Combine(clone, ".data", "data-folder")).Trim() : Path.Combine(clone, ".data");
        var mark = Directory.EnumerateFiles(Path.Combine(data, "local", "workloads", id.ToString()), "mark.txt", SearchOption.AllDirectories).FirstOrDefault();
        return mark is null ? "" : File.ReadAllText(mark);
    }

    private async Task UntilRunningAsync(string token, Guid id, int attempt)
    {
        JsonElement seen = default;
        for (var i = 0; i < 300; i++)
        {
            seen = await SendAsync(token, HttpMethod.Get, $"/workloads/{id}", null);
            if (seen.GetProperty("phase").GetString() == "Running" && seen.GetProperty("attempt").GetInt32() == attempt) return;
            await Task.Delay(200, Ct);
        }
        throw new TimeoutException($"Attempt {attempt} did not run: {seen}");
    }

    private static async Task UntilAsync(Func<bool> there)
    {
        for (var i = 0; i < 100 && !there(); i++) await Task.Delay(100, Ct);
        there().Should().BeTrue();
    }

    private async Task<JsonElement> SendAsync(string token, HttpMethod method, string path, object? body)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{_port}/api/v1{path}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        if (body is not null) request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        using var response = await client.SendAsync(request, Ct);
        var text = await response.Content.ReadAsStringAsync(Ct);
        return response.IsSuccessStatusCode ? JsonSerializer.Deserialize<JsonElement>(text) : throw new InvalidOperationException($"{response.StatusCode}: {text}");
    }

    private async Task<string> SucceedAsync(string clone, params string[] command)
    {
        var (code, output) = await RunAsync(clone, command);
        code.Should().Be(0, output);
        return output;
    }

    private async Task<(int Code, string Output)> RunAsync(string clone, params string[] command)
    {
        var log = Path.Combine(_folder, $"{Guid.NewGuid():N}.log");
        // To a file: what goes on living would keep a pipe open.
        var start = new ProcessStartInfo("bash", ["-c", "exec \"$0\" \"${@:2}\" >\"$1\" 2>&1 </dev/null", Path.Combine(clone, "deploy", "dev", command[0]), log, .. command[1..]]) { WorkingDirectory = clone };
        (start.Environment["PORTAL_PORT"], start.Environment["PORTAL_APPS_PORT"]) = ($"{_port}", $"{_appsPort}");
        foreach (var name in start.Environment.Keys.Where(k => k.Contains("__", StringComparison.Ordinal)).ToList()) start.Environment.Remove(name);
        using var process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Limit);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await File.ReadAllTextAsync(log, CancellationToken.None));
    }
}
