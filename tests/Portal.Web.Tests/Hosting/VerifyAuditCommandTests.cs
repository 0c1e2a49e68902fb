using System.Diagnostics;
using AwesomeAssertions;
using Microsoft.Extensions.DependencyInjection;
using Portal.Application.Audit;
using Portal.Testing.Hosting;
using Portal.Web.Tests.Api;
using Xunit;

namespace Portal.Web.Tests.Hosting;

/// <summary>The portal's own program as a command: what it prints and how it ends, run as a process on a trail that is good, changed, and cut off.</summary>
public sealed class VerifyAuditCommandTests : IAsyncLifetime
{
    private readonly PortalFactory _portal = new();

    public async ValueTask InitializeAsync()
    {
        await _portal.InitializeAsync();
        for (var i = 0; i < 5; i++) await _portal.Client(_portal.AdminToken).CallAsync(HttpMethod.Post, "/teams", $$"""{"slug": "team-{{i}}", "name": "T"}""");
        var seal = _portal.Services.GetRequiredService<SealAudit>();
        await seal.ExecuteAsync(default);
        await seal.NoteHeadAsync(default);
    }

    public ValueTask DisposeAsync() => _portal.DisposeAsync();

    [Fact]
    public async Task Command_OnEachTrail_SaysWhatIsTheCase()
    {
        var (code, text) = await RunAsync();
        (code, text).Should().Match<(int Code, string Text)>(r => r.Code == 0 && r.Text.Contains("The trail is whole"));
        text.Should().MatchRegex(@"Entries +[1-9]\d*\n").And.MatchRegex("Head +[0-9a-f]{64}\n").And.MatchRegex(@"Noted +entry \d+, [0-9a-f]{64}\n").And.MatchRegex(@"Checked +20\d\d-");

        await TamperAsync("update audit_entries set actor_name = 'somebody else' where id = (select entry_id from audit_seals where seq = 3)");
        (code, text) = await RunAsync();
        (code, text).Should().Match<(int Code, string Text)>(r => r.Code == 1 && r.Text.Contains("The trail is broken. The entry of number 3, or its hash, was changed."));
    }

    [Fact]
    public async Task Command_OnATrailThatWasCutOff_SaysSo()
    {
        await TamperAsync("delete from audit_seals where seq > 4; delete from audit_entries where id not in (select entry_id from audit_seals); delete from audit_unsealed");
        var (code, text) = await RunAsync();
        (code, text).Should().Match<(int Code, string Text)>(r => r.Code == 1 && r.Text.Contains("The end is cut off"));
    }

    [Fact]
    public async Task Command_ThatCannotCheck_EndsWithTwo()
    {
        var empty = Directory.CreateTempSubdirectory("portal-no-key-").FullName;
        try
        {
            var (code, text) = await RunAsync(("Portal__KeyFolder", empty));
            (code, text).Should().Match<(int Code, string Text)>(r => r.Code == 2 && r.Text.Contains("There is no master.key"));
            Directory.EnumerateFileSystemEntries(empty).Should().BeEmpty("a check makes nothing");
        }
        finally
        {
            Directory.Delete(empty);
        }
        (await RunAsync(("ConnectionStrings__Portal", ""))).Code.Should().Be(2);
        (await RunAsync(("ConnectionStrings__Portal", "Host=127.0.0.1;Port=1;Database=portal;Username=portal;Password=x;Timeout=3"))).Should().Match<(int Code, string Text)>(r => r.Code == 2 && r.Text.Contains("could not be checked") && !r.Text.Contains("   at "));
        (await RunAsync(("ConnectionStrings__Portal", "nonsense"))).Code.Should().Be(2);
    }

    private Task TamperAsync(string sql) => _portal.Database.ExecuteAsync($"set session_replication_role = replica; {sql}; set session_replication_role = default");

    private async Task<(int Code, string Text)> RunAsync(params (string Key, string Value)[] settings)
    {
        var folder = Path.Combine(RepositoryFolder.Root, "src", "Portal.Web", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0");
        var start = new ProcessStartInfo("dotnet", [Path.Combine(folder, "Portal.Web.dll"), "verify-audit"]) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        (start.Environment["ConnectionStrings__Portal"], start.Environment["Portal__KeyFolder"]) = (_portal.Database.ConnectionString, _portal.KeyFolder);
        foreach (var (key, value) in settings) start.Environment[key] = value;
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        return (process.ExitCode, await output + await errors);
    }
}
