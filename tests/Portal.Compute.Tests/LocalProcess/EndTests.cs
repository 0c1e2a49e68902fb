using System.Diagnostics;
using AwesomeAssertions;
using Portal.Compute.LocalProcess;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>Ends: asked for, by itself, by violence; whatever the program has spawned, nothing is left.</summary>
public sealed class EndTests : LocalTestBase
{
    /// <summary>A child in a session of its own that ignores hang-ups, and a daemon that has forked twice, dropped its environment and ignores being asked to end.</summary>
    private static string Escapees(string mark) => $$"""
        import os, signal, subprocess, sys, time
        subprocess.Popen(["setsid", "nohup", "sleep", "98765.{{mark}}"])
        daemon = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(98765) # {{mark}}"
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.closerange(0, 3)
                os.execve("/usr/bin/python3", ["python3", "-c", daemon], {})
            os._exit(0)
        os.wait()
        time.sleep(0.5)
        print("spawned", flush=True)
        """;

    /// <summary>Digits, because it goes behind the point of a sleep's seconds.</summary>
    private static string NewMark() => Random.Shared.NextInt64(1_000_000_000_000, long.MaxValue).ToString();

    [Theory]
    [InlineData(Mode.Auto)]
    [InlineData(Mode.Plain)]
    public async Task Stop_WithEscapedChildren_LeavesNothing(Mode mode)
    {
        var host = Host(mode);
        var mark = NewMark();
        var spec = Programs.Python(Escapees(mark) + "\ntime.sleep(1000)");
        await host.Target.StartAsync(spec, Token);
        await UntilAsync(() => ProcessesWith(mark).Count >= 2 && host.Target.LinesAsync(spec.AllocationId).Result.Contains("spawned"), "both escaped");
        await host.Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(1), Token);
        (await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).StopRequested.Should().BeTrue();
        ProcessesWith(mark).Should().BeEmpty();
        ProcessTable.OfAllocation(spec.AllocationId).Should().BeEmpty();
    }

    [Theory]
    [InlineData(Mode.Auto)]
    [InlineData(Mode.Plain)]
    public async Task Program_EndsWithChildrenLeft_TheyAreGoneBeforeItsExitIsSeen(Mode mode)
    {
        var host = Host(mode);
        var mark = NewMark();
        var spec = Programs.Python(Escapees(mark) + "\nsys.exit(5)");
        await host.Target.StartAsync(spec, Token);
        (await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).ExitCode.Should().Be(5);
        ProcessesWith(mark).Should().BeEmpty();
    }

    [Theory]
    [InlineData(Mode.Auto)]
    [InlineData(Mode.Plain)]
    public async Task Stop_ProgramThatWillNot_IsKilledAfterTheGrace(Mode mode)
    {
        var host = Host(mode);
        var spec = Programs.Python("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('up', flush=True)\ntime.sleep(1000)");
        await host.Target.StartAsync(spec, Token);
        await UntilAsync(() => host.Target.LinesAsync(spec.AllocationId).Result.Count > 0, "it is up");
        var asked = Stopwatch.StartNew();
        await host.Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(1.5), Token);
        asked.Elapsed.Should().BeLessThan(TimeSpan.FromSeconds(1), "the call only asks");
        (await host.Target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.Stopping);
        var seen = await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        asked.Elapsed.Should().BeGreaterThan(TimeSpan.FromSeconds(1.4));
        seen.ExitCode.Should().Be(137);
        seen.Message.Should().Contain("killed");
    }

    [Theory]
    [InlineData(Mode.Auto)]
    [InlineData(Mode.Plain)]
    public async Task Stop_DeclaredSignal_LetsTheProgramSaveForTheNextAttempt(Mode mode)
    {
        var host = Host(mode);
        const string script = """
            import os, signal, sys, time
            state = os.path.join(os.environ["PORTAL_CHECKPOINT_DIR"], "state")
            if os.path.exists(state):
                print("resumed at " + open(state).read(), flush=True); sys.exit(0)
            def save(*_):
                time.sleep(0.5); open(state, "w").write("step 41"); sys.exit(9)
            signal.signal(signal.SIGUSR1, save)
            print("up", flush=True)
            while True: time.sleep(1)
            """;
        var spec = Programs.Python(script, i => i with { Checkpoint = new CheckpointSpec { Signal = "SIGUSR1" } });
        await host.Target.StartAsync(spec, Token);
        await UntilAsync(() => host.Target.LinesAsync(spec.AllocationId).Result.Count > 0, "it is up");
        await host.Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(10), Token);
        (await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).ExitCode.Should().Be(9);
        var again = spec with { AllocationId = Guid.CreateVersion7(), Attempt = 2 };
        await host.Target.StartAsync(again, Token);
        await host.Target.UntilAsync(again.AllocationId, ObservedState.Exited);
        (await host.Target.LinesAsync(again.AllocationId)).Should().Equal("resumed at step 41");
    }

    [Fact]
    public async Task Host_GoingDown_LetsTheProgramEndInOrder()
    {
        var host = Host();
        var spec = Programs.Python("import time\nwhile True: time.sleep(1)");
        await host.Target.StartAsync(spec, Token);
        await Task.Delay(500, Token);
        NativeCalls.Kill(host.State(spec).SupervisorPid, 15);
        var seen = await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        seen.StopRequested.Should().BeTrue();
        seen.ExitCode.Should().Be(143);
    }

    [Fact]
    public async Task Program_EndsWhileNobodyLooks_ItsCodeIsKept()
    {
        var host = Host();
        var spec = Programs.Python("import sys, time\ntime.sleep(1)\nsys.exit(42)");
        using (var first = host.Another())
            await first.StartAsync(spec, Token);
        await UntilAsync(() => !ProcessTable.IsAlive(host.State(spec).SupervisorPid, host.State(spec).SupervisorStart), "it has ended");
        (await host.Another().ObserveAsync(spec.AllocationId, Token)).Should().Match<Observation>(o => o.State == ObservedState.Exited && o.ExitCode == 42 && o.WorkloadId == spec.WorkloadId);
    }

    [Fact]
    public async Task Portal_Restarted_AdoptsWhatRuns()
    {
        var host = Host();
        var spec = Programs.Python(Programs.Server, serves: true);
        using (var first = host.Another())
        {
            await first.StartAsync(spec, Token);
            await first.UntilAsync(spec.AllocationId, ObservedState.Ready);
        }
        var second = host.Another();
        (await second.ObserveAllAsync(Token)).Should().ContainSingle().Which.State.Should().Be(ObservedState.Ready);
        await using (await second.ConnectAsync(spec.AllocationId, Token))
            await second.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(5), Token);
        await second.UntilAsync(spec.AllocationId, ObservedState.Exited);
    }

    [Theory]
    [InlineData(Mode.Auto)]
    [InlineData(Mode.Plain)]
    public async Task Supervisor_Killed_LostAndNothingSurvives(Mode mode)
    {
        var host = Host(mode);
        var mark = NewMark();
        // Not root, no sandbox, no control groups: then only the environment names a stray process, and one that has dropped it is nobody's.
        var spec = Programs.Python(NativeCalls.IsRoot || mode == Mode.Auto ? Escapees(mark) + "\ntime.sleep(1000)"
            : $"import subprocess, time\nsubprocess.Popen(['setsid', 'nohup', 'sleep', '98765.{mark}'])\nprint('spawned', flush=True)\ntime.sleep(1000)");
        await host.Target.StartAsync(spec, Token);
        await UntilAsync(() => host.Target.LinesAsync(spec.AllocationId).Result.Contains("spawned"), "its children run");
        ProcessesWith(mark).Should().NotBeEmpty();
        NativeCalls.Kill(host.State(spec).SupervisorPid, 9);
        var seen = await host.Target.UntilAsync(spec.AllocationId, ObservedState.Lost);
        seen.Failure.Should().Be(FailureClass.Lost);
        seen.EndedAt.Should().BeOnOrAfter(seen.StartedAt!.Value);
        await UntilAsync(() => ProcessesWith(mark).Count == 0 && !ProcessTable.OfAllocation(spec.AllocationId).Any(), "nothing survives", 5);
        (await host.Target.ObserveAsync(spec.AllocationId, Token)).Should().Be(seen);
        await host.Target.ForgetAsync(spec.AllocationId, Token);
    }

    [Fact]
    public async Task Stop_SupervisorDead_StillEndsTheProgram()
    {
        var host = Host(Mode.Plain);
        var mark = NewMark();
        var spec = Programs.Python($"import os\nos.execvp('sleep', ['sleep', '98765.{mark}'])");
        await host.Target.StartAsync(spec, Token);
        await UntilAsync(() => ProcessesWith(mark).Count == 1, "it runs");
        NativeCalls.Kill(host.State(spec).SupervisorPid, 9);
        await UntilAsync(() => !ProcessTable.IsAlive(host.State(spec).SupervisorPid, host.State(spec).SupervisorStart), "the supervisor is dead");
        await host.Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(10), Token);
        ProcessesWith(mark).Should().BeEmpty();
        (await host.Target.ObserveAsync(spec.AllocationId, Token)).Should().Match<Observation>(o => o.State == ObservedState.Lost && o.StopRequested);
    }

    [Fact]
    public async Task Observe_AfterAHostRestart_Lost()
    {
        var host = Host();
        var spec = Programs.Python("pass");
        await host.Target.StartAsync(spec, Token);
        await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        File.Delete(Path.Combine(host.Allocation(spec), "exit.json"));
        JsonFile.Write(Path.Combine(host.Allocation(spec), "state.json"), host.State(spec) with { BootId = "another", SupervisorPid = Environment.ProcessId });
        (await host.Target.ObserveAsync(spec.AllocationId, Token)).Should().Match<Observation>(o => o.State == ObservedState.Lost && o.Message!.Contains("restarted"));
    }

    [Fact]
    public async Task Observe_PidOfSomebodyElse_IsNotTakenForTheSupervisor()
    {
        var host = Host();
        var spec = Programs.Python("pass");
        await host.Target.StartAsync(spec, Token);
        await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        File.Delete(Path.Combine(host.Allocation(spec), "exit.json"));
        JsonFile.Write(Path.Combine(host.Allocation(spec), "state.json"), host.State(spec) with { SupervisorPid = Environment.ProcessId });
        (await host.Target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.Lost);
    }

    [Fact]
    public async Task Observe_OfAnotherHost_UnknownAndUntouched()
    {
        var host = Host();
        var spec = Programs.Python("import time\ntime.sleep(1000)");
        await host.Target.StartAsync(spec, Token);
        var state = host.State(spec);
        JsonFile.Write(Path.Combine(host.Allocation(spec), "state.json"), state with { HostId = "another" });
        (await host.Target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.Unknown);
        await host.Target.StopAsync(spec.AllocationId, TimeSpan.Zero, Token);
        await Task.Delay(600, Token);
        ProcessTable.IsAlive(state.SupervisorPid, state.SupervisorStart).Should().BeTrue();
        JsonFile.Write(Path.Combine(host.Allocation(spec), "state.json"), state);
    }
}
