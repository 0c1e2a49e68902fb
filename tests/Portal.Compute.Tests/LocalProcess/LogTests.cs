using AwesomeAssertions;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>Output: whole, bounded, never in the program's way.</summary>
public sealed class LogTests : LocalTestBase
{
    [Fact]
    public async Task Lines_LongOnes_StayWholeUpTo64KiB()
    {
        var host = Host();
        var spec = Programs.Python("import sys\nprint('a' * 65536)\nprint('b' * 200000)\nsys.stdout.buffer.write(b'\\xff\\x00raw\\r\\n')\nprint('err', file=sys.stderr)\nsys.stdout.write('no end of line')");
        await host.Target.StartAsync(spec, Token);
        await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        var lines = await host.Target.LinesAsync(spec.AllocationId);
        lines.Select(l => l.Length).Should().Equal(65536, 65536, 65536, 65536, 200000 - 3 * 65536, "\ufffd\0raw".Length, "no end of line".Length);
        lines[^1].Should().Be("no end of line");
        (await host.Target.LinesAsync(spec.AllocationId, "err")).Should().Equal("err");
    }

    [Fact]
    public async Task Output_MoreThanIsKept_DropsTheOldestAndCursorsStayTrue()
    {
        var host = Host(adjust: o => o.MaxLogMib = 1);
        var spec = Programs.Python("for i in range(60000): print(f'line {i:06} ' + 'x' * 60)");
        await host.Target.StartAsync(spec, Token);
        var seen = await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        seen.LogEnd.Should().BeGreaterThan(6_000_000);
        Directory.GetFiles(Path.Combine(host.Allocation(spec), "log")).Sum(f => new FileInfo(f).Length).Should().BeInRange(512 << 10, 1 << 20);
        var first = await host.Target.ReadLogAsync(spec.AllocationId, 0, 1000, Token);
        first.Truncated.Should().BeTrue();
        var lines = await host.Target.LinesAsync(spec.AllocationId);
        lines[^1].Should().StartWith("line 059999");
        var numbers = lines.Select(l => int.Parse(l.Split(' ')[1])).ToList();
        numbers.Should().Equal(Enumerable.Range(numbers[0], numbers.Count));
        (await host.Target.ReadLogTailAsync(spec.AllocationId, 2, Token)).Lines.Select(l => l.Text[..11]).Should().Equal("line 059998", "line 059999");
    }

    [Fact]
    public async Task Follow_WhileItPrints_GivesEveryLineOnce()
    {
        var host = Host();
        var spec = Programs.Python("import time\nfor i in range(300):\n  print(i, flush=True); time.sleep(0.003)");
        await host.Target.StartAsync(spec, Token);
        List<string> read = [];
        long cursor = 0;
        for (var done = false; !done;)
        {
            done = (await host.Target.ObserveAsync(spec.AllocationId, Token)).State == ObservedState.Exited;
            var slice = await host.Target.ReadLogAsync(spec.AllocationId, cursor, 4096, Token);
            while (slice.Lines.Count > 0)
            {
                read.AddRange(slice.Lines.Where(l => l.Source == "out").Select(l => l.Text));
                cursor = slice.NextCursor;
                slice = await host.Target.ReadLogAsync(spec.AllocationId, cursor, 4096, Token);
            }
        }
        read.Should().Equal(Enumerable.Range(0, 300).Select(i => i.ToString()));
    }

    [Fact]
    public async Task Disk_FullWhileItRuns_NeitherBlocksNorKillsAndSaysSo()
    {
        await using var disk = await SmallDisk.MountAsync(6);
        var host = Host(adjust: o => o.MinimumFreeDiskMib = 0, dataFolder: disk.Folder);
        const string script = """
            import os, time
            work = os.environ["HOME"]
            print("before", flush=True)
            with open(os.path.join(work, "fill"), "wb", buffering=0) as f:
                try:
                    while True: f.write(b"x" * 65536)
                except OSError: pass
                try:
                    while True: f.write(b"x")
                except OSError: pass
            for i in range(20000): print("while full " + "y" * 100)
            os.remove(os.path.join(work, "fill"))
            time.sleep(0.5)
            print("after", flush=True)
            raise SystemExit(11)
            """;
        var spec = Programs.Python(script);
        await host.Target.StartAsync(spec, Token);
        var seen = await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        seen.ExitCode.Should().Be(11);
        seen.Message.Should().Contain("dropped");
        var lines = await host.Target.LinesAsync(spec.AllocationId);
        lines[0].Should().Be("before");
        lines[^1].Should().Be("after");
        (await host.Target.LinesAsync(spec.AllocationId, "portal")).Should().Contain(l => l.Contains("lines were dropped here"));
    }

    [Fact]
    public async Task Disk_FullAtTheEnd_ExitCodeIsKept()
    {
        await using var disk = await SmallDisk.MountAsync(6);
        var host = Host(adjust: o => o.MinimumFreeDiskMib = 0, dataFolder: disk.Folder);
        var spec = Programs.Python("""
            import os
            f = open(os.path.join(os.environ["HOME"], "fill"), "wb", buffering=0)
            for size in (65536, 1):
                try:
                    while True: f.write(b"x" * size)
                except OSError: pass
            raise SystemExit(12)
            """);
        await host.Target.StartAsync(spec, Token);
        (await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).ExitCode.Should().Be(12);
    }

    [Fact]
    public async Task Disk_Full_StopStillWorks()
    {
        await using var disk = await SmallDisk.MountAsync(6);
        var host = Host(adjust: o => o.MinimumFreeDiskMib = 0, dataFolder: disk.Folder);
        var spec = Programs.Python("""
            import os, signal, time
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            f = open(os.path.join(os.environ["HOME"], "fill"), "wb", buffering=0)
            for size in (65536, 1):
                try:
                    while True: f.write(b"x" * size)
                except OSError: pass
            time.sleep(1000)
            """);
        await host.Target.StartAsync(spec, Token);
        await UntilAsync(() => new DriveInfo(disk.Folder).AvailableFreeSpace == 0, "the disk is full");
        await host.Target.StopAsync(spec.AllocationId, TimeSpan.Zero, Token);
        (await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited, 5)).StopRequested.Should().BeTrue();
    }

    [Fact]
    public async Task Start_DiskTooFull_NoCapacityInWordsAndNothingLeft()
    {
        await using var disk = await SmallDisk.MountAsync(6);
        var host = Host(adjust: o => o.MinimumFreeDiskMib = 100, dataFolder: disk.Folder);
        var spec = Programs.Python("pass");
        var start = () => host.Target.StartAsync(spec, Token);
        var refusal = (await start.Should().ThrowAsync<ComputeTargetException>()).Which;
        refusal.Failure.Should().Be(FailureClass.NoCapacity);
        refusal.Message.Should().MatchRegex(@"The disk under .* is full: \d MiB free, 100 MiB needed");
        (await host.Target.DescribeAsync(Token)).Should().Match<TargetDescription>(d => !d.Healthy && d.Reason!.Contains("is full"));
        Directory.Exists(host.Workload(spec.WorkloadId)).Should().BeFalse();
    }

    [Fact]
    public async Task Start_DiskFullInTheMiddle_NoCapacityAndNothingLeft()
    {
        await using var disk = await SmallDisk.MountAsync(6);
        var host = Host(adjust: o => o.MinimumFreeDiskMib = 0, dataFolder: disk.Folder);
        var spec = Programs.Python(new string('#', 8 << 20));
        var start = () => host.Target.StartAsync(spec, Token);
        var refusal = (await start.Should().ThrowAsync<ComputeTargetException>()).Which;
        refusal.Failure.Should().Be(FailureClass.NoCapacity);
        refusal.Message.Should().Contain("is full");
        (await host.Target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.NotFound);
        Directory.Exists(host.Workload(spec.WorkloadId)).Should().BeFalse();
        ProcessesWith(spec.WorkloadId.ToString()).Should().BeEmpty();
        await OutputAsync(host, Programs.Python("import os\nopen(os.environ['PORTAL_ARTIFACT_DIR'] + '/out', 'w')"));
    }

    /// <summary>A file system of a few MiB; needs root, or sudo without a password.</summary>
    private sealed class SmallDisk(string folder) : IAsyncDisposable
    {
        private static readonly string Privileged = Portal.Compute.LocalProcess.NativeCalls.IsRoot ? "" : "sudo -n ";

        public string Folder { get; } = folder;

        public static async Task<SmallDisk> MountAsync(int mib)
        {
            var folder = Directory.CreateTempSubdirectory("portal-disk").FullName;
            await ShellAsync($"{Privileged}mount -t tmpfs -o size={mib}m,mode=0755,uid=$(id -u) tmpfs {folder}");
            return new SmallDisk(folder);
        }

        public async ValueTask DisposeAsync() => await ShellAsync($"{Privileged}umount -l {Folder} && rmdir {Folder}");
    }
}
