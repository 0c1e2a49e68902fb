using AwesomeAssertions;
using Portal.Compute.LocalProcess;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>Memory and processor limits.</summary>
public sealed class LimitTests : LocalTestBase
{
    private const string Hungry = """
        import time
        print("up", flush=True)
        held = []
        while True:
            held.append(bytearray(16 << 20)); time.sleep(0.02)
        """;

    [Theory]
    [InlineData(LimitEnforcement.Auto)]
    [InlineData(LimitEnforcement.Measured)]
    public async Task Program_OverItsMemory_OutOfMemory(LimitEnforcement by)
    {
        var host = Host(adjust: o => o.LimitsBy = by);
        var spec = Programs.Python(Hungry) with { Hardware = Programs.Tiny with { MemoryGib = 0.25m } };
        await host.Target.StartAsync(spec, Token);
        var seen = await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        seen.Failure.Should().Be(FailureClass.OutOfMemory);
        seen.ExitCode.Should().Be(137);
        seen.Message.Should().Contain("256 MiB");
        seen.StopRequested.Should().BeFalse();
    }

    [Theory]
    [InlineData(LimitEnforcement.Auto)]
    [InlineData(LimitEnforcement.Measured)]
    public async Task Program_ThatOnlyMapsMemory_IsLeftAlone(LimitEnforcement by)
    {
        var host = Host(adjust: o => o.LimitsBy = by);
        var spec = Programs.Python("import mmap, time\nm = mmap.mmap(-1, 4 << 30)\ntime.sleep(2)\nprint('fine')") with { Hardware = Programs.Tiny with { MemoryGib = 0.25m } };
        await host.Target.StartAsync(spec, Token);
        (await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task Measured_ForkedChildrenSharingMemory_CountOnce()
    {
        var host = Host(adjust: o => o.LimitsBy = LimitEnforcement.Measured);
        const string script = """
            import os, time
            held = os.urandom(120 << 20)
            for _ in range(4):
                if os.fork() == 0:
                    time.sleep(2); os._exit(0)
            time.sleep(2); print("fine")
            """;
        var spec = Programs.Python(script) with { Hardware = Programs.Tiny with { MemoryGib = 0.25m } };
        await host.Target.StartAsync(spec, Token);
        (await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).ExitCode.Should().Be(0);
    }

    [Fact]
    public async Task Program_Busy_UsesNoMoreThanItsShareAndItsUseIsSeen()
    {
        var host = Host();
        var spec = Programs.Python("held = bytearray(64 << 20)\nwhile True: pass") with { Hardware = Programs.Tiny with { Vcpu = 0.25m } };
        await host.Target.StartAsync(spec, Token);
        await Task.Delay(TimeSpan.FromSeconds(5), Token);
        var use = (await host.Target.ObserveAsync(spec.AllocationId, Token)).Use!;
        use.MemoryBytes.Should().BeInRange(64 << 20, 200 << 20);
        if ((await host.Target.DescribeAsync(Token)).LimitsBy == "measured")
            ProcessTable.Descendants(host.State(spec).SupervisorPid).Should().OnlyContain(pid => Nice(pid) == 5);
        else
            use.CpuCores.Should().BeInRange(0.05, 0.4);
    }

    [Fact]
    public async Task ControlGroups_OfAnEndedAllocation_AreRemoved()
    {
        var host = Host();
        var spec = Programs.Python("pass");
        await host.Target.StartAsync(spec, Token);
        await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        await UntilAsync(() => host.State(spec).Groups.All(g => !Directory.Exists(g)), "groups are gone", 5);
    }

    [Fact]
    public void Detect_UnifiedHierarchyWithoutControllers_Measured()
    {
        // A folder in the place of the kernel's.
        var root = Directory.CreateTempSubdirectory("portal-cgroup").FullName;
        File.WriteAllText(Path.Combine(root, "cgroup.controllers"), "cpu memory pids");
        new HostLimits(LimitEnforcement.Auto, root).By.Should().Be("measured", "the controllers' files do not appear in a new group");
        new HostLimits(LimitEnforcement.Measured).By.Should().Be("measured");
        Directory.Delete(root, recursive: true);
    }

    private static int Nice(int pid) => int.Parse(File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ')[16]);
}
