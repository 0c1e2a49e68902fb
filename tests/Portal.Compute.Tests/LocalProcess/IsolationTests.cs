using System.Text.Json;
using AwesomeAssertions;
using Portal.Compute.LocalProcess;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>Programs try to reach what is not theirs. What must hold depends on what the host can do; each test says which.</summary>
public sealed class IsolationTests : LocalTestBase
{
    private const string Spy = """
        import json, os, signal, sys
        def attempt(what):
            try: return repr(what())[:200]
            except BaseException as e: return type(e).__name__
        paths, pids = json.loads(sys.argv[1]), json.loads(sys.argv[2])
        found = {}
        for p in paths:
            found["list " + p] = attempt(lambda: os.listdir(p))
            found["read " + p] = attempt(lambda: open(p).read())
            found["write " + p] = attempt(lambda: open(os.path.join(p, "planted"), "w"))
        for pid in pids:
            found["environ %d" % pid] = attempt(lambda: open("/proc/%d/environ" % pid).read())
            found["signal %d" % pid] = attempt(lambda: os.kill(pid, signal.SIGKILL))
        status = open("/proc/self/status").read()
        json.dump({"found": found, "uid": os.getuid(), "groups": os.getgroups(), "status": status, "visible": [p for p in os.listdir("/proc") if p.isdigit()]},
                  open(os.path.join(os.environ["PORTAL_ARTIFACT_DIR"], "out"), "w"))
        """;

    private static AllocationSpec SpyOn(IEnumerable<string> paths, IEnumerable<int> pids, string team = "portal-tests") =>
        Programs.Python(Spy, i => i with { Deployments = [i.Deployments[0] with { Command = ["python3", "{{ files }}/main.py", "{{ parameters.paths }}", "{{ parameters.pids }}"] }] },
            new() { ["paths"] = JsonSerializer.Serialize(paths), ["pids"] = JsonSerializer.Serialize(pids) }) with
        { Team = team };

    private static async Task<AllocationSpec> VictimAsync(LocalHost host)
    {
        var victim = Programs.Python("import os, time\nopen(os.environ['HOME'] + '/secret', 'w').write('s3cret')\nprint('up', flush=True)\ntime.sleep(1000)");
        await host.Target.StartAsync(victim, Token);
        await UntilAsync(() => host.Target.LinesAsync(victim.AllocationId).Result.Count > 0, "the victim is up");
        return victim;
    }

    [Fact]
    public async Task Sandboxed_EvenTheSameTeam_SeesNothingOfOthers()
    {
        var host = Host();
        (await host.Target.DescribeAsync(Token)).Isolation.Should().Be("sandboxed", "machines that run these tests have bubblewrap and allow it");
        var victim = await VictimAsync(host);
        var pids = ProcessTable.Descendants(host.State(victim).SupervisorPid).Append(host.State(victim).SupervisorPid).Append(Environment.ProcessId).ToList();
        var workload = host.Workload(victim.WorkloadId);
        var seen = await JsonAsync(host, SpyOn(
            [workload, $"{workload}/work", $"{workload}/work/secret", $"{workload}/artifacts", host.Allocation(victim), $"{host.Allocation(victim)}/state.json", $"{host.Options.DataFolder}/host-id", "/root", "/home", "/var/lib"],
            pids));
        var found = seen.GetProperty("found").Deserialize<Dictionary<string, string>>()!;
        found.Where(f => f.Key.StartsWith("read", StringComparison.Ordinal)).Should().OnlyContain(f => f.Value.EndsWith("Error"));
        found.Where(f => f.Key.StartsWith("write", StringComparison.Ordinal)).Should().OnlyContain(f => f.Value.EndsWith("Error"));
        found.Where(f => f.Key.Contains(workload)).Should().OnlyContain(f => f.Value.EndsWith("Error"));
        found.Where(f => f.Key.StartsWith("list /", StringComparison.Ordinal)).Should().OnlyContain(f => f.Value == "[]" || f.Value.EndsWith("Error"));
        seen.GetProperty("visible").GetArrayLength().Should().BeLessThan(5, "its own few processes");
        // Small pids exist in its own namespace; the victim must still live.
        (await host.Target.ObserveAsync(victim.AllocationId, Token)).State.Should().Be(ObservedState.Ready);
    }

    [Fact]
    public async Task Program_OfARootPortal_IsAnOrdinaryUserForGood()
    {
        foreach (var mode in new[] { Mode.Auto, Mode.Plain })
        {
            var host = Host(mode);
            var seen = await JsonAsync(host, SpyOn([], []));
            var status = seen.GetProperty("status").GetString()!.Split('\n').Where(l => l.Contains(":\t")).ToDictionary(l => l.Split(":\t")[0], l => l.Split(":\t")[1]);
            seen.GetProperty("uid").GetInt32().Should().NotBe(0);
            if (NativeCalls.IsRoot || mode == Mode.Auto)
            {
                status["NoNewPrivs"].Should().Be("1");
                status["CapEff"].Should().Be("0000000000000000");
                status["CapPrm"].Should().Be("0000000000000000");
            }
            if (!NativeCalls.IsRoot)
                continue;
            status["CapBnd"].Should().Be("0000000000000000");
            seen.GetProperty("groups").EnumerateArray().Select(g => g.GetInt32()).Should().NotContain(0);
        }
    }

    [Fact]
    public async Task UserPerTeam_AnotherTeam_CannotReadOrSignal()
    {
        var host = Host(Mode.Plain);
        if (!NativeCalls.IsRoot)
        {
            // An ordinary user cannot have users of its own: the page must say so, and a second person is refused (see below).
            (await host.Target.DescribeAsync(Token)).Isolation.Should().Be("none");
            return;
        }
        (await host.Target.DescribeAsync(Token)).Isolation.Should().Be("user-per-team");
        var victim = await VictimAsync(host);
        var pids = ProcessTable.Descendants(host.State(victim).SupervisorPid).Append(host.State(victim).SupervisorPid).Append(Environment.ProcessId).ToList();
        var workload = host.Workload(victim.WorkloadId);
        var seen = await JsonAsync(host, SpyOn(
            [host.Options.DataFolder, $"{host.Options.DataFolder}/workloads", workload, $"{workload}/work", $"{workload}/work/secret", $"{workload}/files/{victim.AllocationId}", $"{workload}/files/{victim.AllocationId}/main.py", host.Allocation(victim), $"{host.Allocation(victim)}/state.json"],
            pids, team: "portal-tests-2"));
        seen.GetProperty("found").Deserialize<Dictionary<string, string>>().Should().OnlyContain(f => f.Value.EndsWith("Error"));
        (await host.Target.ObserveAsync(victim.AllocationId, Token)).State.Should().Be(ObservedState.Ready);
    }

    [Fact]
    public async Task Files_OfTheItem_CannotBeChangedByTheProgram()
    {
        var host = Host();
        var spec = Programs.Python("""
            import os, sys
            def attempt(what):
                try: what(); return "done"
                except OSError as e: return type(e).__name__
            files = os.path.dirname(sys.argv[0])
            open(os.environ["PORTAL_ARTIFACT_DIR"] + "/out", "w").write(" ".join([
                attempt(lambda: open(sys.argv[0], "a")), attempt(lambda: os.remove(sys.argv[0])), attempt(lambda: os.symlink("/etc", files + "/x")), attempt(lambda: os.symlink("/etc", os.environ["HOME"] + "/../x"))]))
            """);
        (await OutputAsync(host, spec)).Should().NotContain("done");
    }

    [Fact]
    public async Task Artifacts_LinksAndPipes_LeadNowhere()
    {
        var host = Host();
        var spec = Programs.Python("""
            import os
            a = os.environ["PORTAL_ARTIFACT_DIR"]
            open(os.environ["HOME"] + "/own", "w").write("own"); os.symlink(os.environ["HOME"] + "/own", a + "/own-link"); os.symlink(os.environ["HOME"], a + "/home-link")
            os.symlink("/etc/passwd", a + "/file-link"); os.symlink("/etc", a + "/folder-link"); os.symlink("/", a + "/root")
            os.mkfifo(a + "/pipe"); os.mkdir(a + "/deep"); os.symlink("../../../..", a + "/deep/up"); open(a + "/deep/real", "w").write("real")
            """);
        await host.Target.StartAsync(spec, Token);
        await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        (await host.Target.ListArtifactsAsync(spec.WorkloadId, Token)).Select(a => a.Path).Should().Equal("deep/real");
        foreach (var path in new[] { "own-link", "home-link/own", "file-link", "folder-link/passwd", "root/etc/passwd", "pipe", "deep/up/etc/passwd", "../work/x", "/etc/passwd", "deep/../deep/real", "deep", "", "." })
            (await host.Target.OpenArtifactAsync(spec.WorkloadId, path, Token)).Should().BeNull(path);
        await using var real = await host.Target.OpenArtifactAsync(spec.WorkloadId, "deep/real", Token);
        new StreamReader(real!).ReadToEnd().Should().Be("real");
    }

    [Fact]
    public async Task Artifacts_FileOfAnotherUserByAHardLink_IsNotServed()
    {
        var host = Host();
        var spec = Programs.Python("pass");
        await host.Target.StartAsync(spec, Token);
        await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        var planted = Path.Combine(host.Workload(spec.WorkloadId), "artifacts", "theirs");
        await ShellAsync($"ln '{host.Options.DataFolder}/host-id' '{planted}'");
        var opened = await host.Target.OpenArtifactAsync(spec.WorkloadId, "theirs", Token);
        // Only where workloads are users of their own is there anybody else's file.
        (opened is null).Should().Be(NativeCalls.IsRoot);
    }

    [Fact]
    public async Task NotApart_SecondPerson_IsRefusedUnlessAllowed()
    {
        var host = Host(Mode.Plain, o => o.AllowUnisolated = false);
        if (NativeCalls.IsRoot)
        {
            (await host.Target.GetOffersAsync(new OfferRequest(Programs.Tiny, [], Guid.NewGuid()), Token)).Should().OnlyContain(o => o.Available);
            return;
        }
        var first = Programs.Python("pass");
        await host.Target.StartAsync(first, Token);
        var second = Programs.Python("pass") with { OwnerId = Guid.NewGuid() };
        (await host.Target.GetOffersAsync(new OfferRequest(Programs.Tiny, [], first.OwnerId), Token)).Should().OnlyContain(o => o.Available);
        (await host.Target.GetOffersAsync(new OfferRequest(Programs.Tiny, [], second.OwnerId), Token)).Should().OnlyContain(o => !o.Available && o.Reason!.Contains("AllowUnisolated"));
        var start = () => host.Target.StartAsync(second, Token);
        (await start.Should().ThrowAsync<ComputeTargetException>()).Which.Failure.Should().Be(FailureClass.Invalid);
        host.Options.AllowUnisolated = true;
        await host.Another().StartAsync(second, Token);
    }

    [Theory]
    [InlineData("platform")]
    [InlineData("a-team-with-a-very-long-name-that-goes-on")]
    [InlineData("../../root; rm -rf")]
    [InlineData("Zażółć")]
    [InlineData("")]
    public void AccountName_AnyTeam_IsSafeAndShort(string team)
    {
        TeamAccounts.NameFor(team).Should().MatchRegex("^pw-[a-z0-9-]*-[0-9a-f]{8}$").And.Match(n => n.Length <= 32);
        TeamAccounts.NameFor(team).Should().NotBe(TeamAccounts.NameFor(team + "x"));
    }
}
