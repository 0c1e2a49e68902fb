using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Portal.Compute.LocalProcess;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>What a program gets: arguments, environment, files; and what nobody else gets.</summary>
public sealed class InputTests : LocalTestBase
{
    private const string Report = """
        import json, os, sys
        json.dump({"arguments": sys.argv[1:], "environment": dict(os.environ), "folder": os.getcwd()}, open(os.path.join(os.environ["PORTAL_ARTIFACT_DIR"], "out"), "w"))
        """;

    public static TheoryData<string> Hostile =>
    [
        "\"; rm -rf / #", "it's", "$(touch /tmp/owned) `id` ${HOME}", "two\nlines\r\n\ttab", "--help", "-c", "", " ", "{{ credential }} {{ parameters.secret }}",
        "żółć 日本語 🚀 \u202e", "%s %n \\ \\0 \x01\x7f", "*?[a-z]~", new string('x', 100_000),
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task Parameter_Hostile_ArrivesByteForByte(string value)
    {
        var host = Host();
        var spec = Programs.Python(Report, i => i with
        {
            Environment = new Dictionary<string, string> { ["VALUE"] = "<{{ parameters.value }}>" },
            Files = new Dictionary<string, FileSource>(i.Files) { ["data/value.txt"] = new(null, "value") },
            Deployments = [i.Deployments[0] with { Command = ["python3", "{{ files }}/main.py", "{{ parameters.value }}", "{{ parameters.list }}", "a={{ parameters.value }}"] }],
        }, new() { ["value"] = value, ["list"] = new[] { value, "-x" } });
        var seen = await JsonAsync(host, spec);
        seen.GetProperty("arguments").Deserialize<string[]>().Should().Equal(value, value, "-x", "a=" + value);
        seen.GetProperty("environment").GetProperty("VALUE").GetString().Should().Be($"<{value}>");
        var file = Path.Combine(host.Workload(spec.WorkloadId), "files", spec.AllocationId.ToString(), "data/value.txt");
        (await File.ReadAllBytesAsync(file, Token)).Should().Equal(Encoding.UTF8.GetBytes(value));
    }

    [Fact]
    public async Task Environment_OfAProgram_IsCleanAndComplete()
    {
        Environment.SetEnvironmentVariable("LEAK_OF_THE_PORTAL", "leaked");
        var host = Host();
        var spec = Programs.Python(Report);
        var seen = await JsonAsync(host, spec);
        var work = Path.Combine(host.Workload(spec.WorkloadId), "work");
        var environment = seen.GetProperty("environment").Deserialize<Dictionary<string, string>>()!;
        environment.Keys.Should().BeEquivalentTo(
            "PATH", "HOME", "LANG", "TMPDIR", "SHELL", "USER", "LOGNAME", "PORTAL_WORKLOAD_ID", "PORTAL_ALLOCATION_ID", "PORTAL_ATTEMPT",
            "PORTAL_CHECKPOINT_DIR", "PORTAL_ARTIFACT_DIR", "PORTAL_BASE_PATH", "PORTAL_PROXY_TOKEN", "PORTAL_STORAGE_WORK");
        environment.Should().Contain("PATH", "/usr/local/bin:/usr/bin:/bin").And.Contain("HOME", work).And.Contain("LANG", "C.UTF-8")
            .And.Contain("PORTAL_PROXY_TOKEN", spec.Credential).And.Contain("PORTAL_BASE_PATH", spec.BasePath).And.Contain("PORTAL_ATTEMPT", "1");
        seen.GetProperty("folder").GetString().Should().Be(work);
    }

    [Fact]
    public async Task Environment_ChosenByAPerson_ReachesNoPrivilegedProcessAndNoPortalName()
    {
        var host = Host();
        var spec = Programs.Python("import time\nprint('up', flush=True)\ntime.sleep(60)", i => i with { EnvironmentFrom = ["environment"] }, new()
        {
            ["environment"] = new Dictionary<string, string>
            {
                ["LD_PRELOAD"] = "/nowhere/evil.so",
                ["PYTHONPATH"] = "/nowhere/evil",
                ["PYTHONSTARTUP"] = "/nowhere/evil.py",
                ["PORTAL_WORKLOAD_ID"] = "forged",
                ["PORT"] = "1",
            },
        });
        await host.Target.StartAsync(spec, Token);
        await UntilAsync(() => host.Target.LinesAsync(spec.AllocationId).Result.Count > 0, "the program is up");
        var own = ProcessTable.Descendants(host.State(spec).SupervisorPid).Append(host.State(spec).SupervisorPid)
            .Select(pid => (pid, Environment: File.ReadAllText($"/proc/{pid}/environ"), User: Uid(pid))).ToList();
        own.Where(p => p.Environment.Contains("evil", StringComparison.Ordinal)).Should().ContainSingle("only the program itself has it");
        own.Should().OnlyContain(p => !p.Environment.Contains("forged", StringComparison.Ordinal));
        if (NativeCalls.IsRoot)
            own.Where(p => p.User == 0).Should().NotBeEmpty().And.OnlyContain(p => !p.Environment.Contains("evil", StringComparison.Ordinal));
        // The loader complains once for each process that was made with it.
        (await host.Target.LinesAsync(spec.AllocationId, "err")).Where(l => l.Contains("evil.so", StringComparison.Ordinal)).Should().ContainSingle();
    }

    [Fact]
    public async Task Secrets_WhileItRuns_AreInNoArgumentLogOrFile()
    {
        var host = Host();
        const string secret = "hunter2-7c1f";
        var spec = Programs.Python(Programs.Server, i => i with { Environment = new Dictionary<string, string> { ["API_KEY"] = "{{ parameters.key }}" } }, new() { ["key"] = secret }, serves: true);
        await host.Target.StartAsync(spec, Token);
        await host.Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        ProcessesWith(secret).Should().BeEmpty();
        ProcessesWith(spec.Credential).Should().BeEmpty();
        var files = Directory.GetFiles(host.Options.DataFolder, "*", SearchOption.AllDirectories).Where(f => !f.Contains("/lock", StringComparison.Ordinal)).ToList();
        files.Should().NotBeEmpty();
        foreach (var file in files)
            (await File.ReadAllTextAsync(file, Token)).Should().NotContain(secret, file).And.NotContain(spec.Credential, file);
    }

    [Fact]
    public async Task Start_NulInAnArgument_IsInvalid()
    {
        var host = Host();
        var spec = Programs.Python("", i => i with { Deployments = [i.Deployments[0] with { Command = ["python3", "{{ parameters.value }}"] }] }, new() { ["value"] = "a\0b" });
        var start = () => host.Target.StartAsync(spec, Token);
        (await start.Should().ThrowAsync<ComputeTargetException>()).Which.Failure.Should().Be(FailureClass.Invalid);
        (await host.Target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.NotFound);
        Directory.Exists(host.Workload(spec.WorkloadId)).Should().BeFalse();
    }

    [Fact]
    public async Task Supervisor_IncompleteDocument_HasNoEffect()
    {
        var folder = Directory.CreateTempSubdirectory("portal-incomplete").FullName;
        var result = await HostCommand.RunAsync("/usr/bin/python3", ["-I", SupervisorProcess.Script], $$"""{"home": "{{folder}}", "command": ["touch", "{{folder}}/x"], """, Token);
        result.ExitCode.Should().Be(2);
        Directory.GetFileSystemEntries(folder).Should().BeEmpty();
        Directory.Delete(folder);
    }

    [Fact]
    public async Task Storage_KeptOrNot_IsWhatTheNextAttemptFinds()
    {
        var host = Host();
        const string script = """
            import json, os
            places = [os.environ["PORTAL_STORAGE_WORK"], os.environ["PORTAL_STORAGE_SCRATCH"], os.environ["PORTAL_CHECKPOINT_DIR"]]
            found = [os.path.exists(os.path.join(p, "mark")) for p in places]
            for p in places: open(os.path.join(p, "mark"), "w").close()
            os.symlink("/etc", os.path.join(places[1], "link"))
            json.dump(found, open(os.path.join(os.environ["PORTAL_ARTIFACT_DIR"], "out"), "w"))
            """;
        var first = Programs.Python(script, i => i with { Storage = [new StorageSpec("work", 1, true), new StorageSpec("scratch", 1, false)] });
        (await OutputAsync(host, first)).Should().Be("[false, false, false]");
        var second = first with { AllocationId = Guid.CreateVersion7(), Attempt = 2 };
        (await OutputAsync(host, second)).Should().Be("[true, false, true]");
        File.Exists("/etc/passwd").Should().BeTrue("a link in an emptied folder is removed, not followed");
    }

    private static int Uid(int pid) => int.Parse(File.ReadLines($"/proc/{pid}/status").First(l => l.StartsWith("Uid:", StringComparison.Ordinal)).Split('\t')[1]);
}
