using System.Net;
using System.Net.Sockets;
using AwesomeAssertions;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>Ports: given out, checked, and never believed when somebody else answers there.</summary>
public sealed class PortTests : LocalTestBase
{
    [Theory]
    [InlineData(Mode.Auto)]
    [InlineData(Mode.Plain)]
    public async Task Port_TakenByAnotherProgramAfterTheStart_IsNeverReadyAndSaysWhy(Mode mode)
    {
        var host = Host(mode);
        var spec = Programs.Python("import os, socket, time\ntime.sleep(3)\nsocket.create_server((\"127.0.0.1\", int(os.environ[\"PORT\"])))", serves: true);
        await host.Target.StartAsync(spec, Token);
        var port = host.State(spec).Port!.Value;
        using var other = new TcpListener(IPAddress.Loopback, port);
        other.Start();
        var seen = await host.Target.ObserveAsync(spec.AllocationId, Token);
        seen.State.Should().Be(ObservedState.Starting);
        seen.Message.Should().Contain($"{port}").And.Contain("another program");
        var connect = () => host.Target.ConnectAsync(spec.AllocationId, Token);
        (await connect.Should().ThrowAsync<ComputeTargetException>()).Which.Message.Should().Contain("another program");
        var ended = await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        ended.Failure.Should().Be(FailureClass.Crashed);
        ended.Message.Should().Contain($"{port}");
        ended.ReadyAt.Should().BeNull();
    }

    [Fact]
    public async Task Port_HeldOnAnotherAddress_NextOneIsTaken()
    {
        var (held, free) = TwoPorts();
        using var other = new TcpListener(IPAddress.Parse("127.0.0.2"), held);
        other.Start();
        var host = Host(adjust: o => (o.PortRangeStart, o.PortRangeEnd) = (Math.Min(held, free), Math.Max(held, free)));
        var spec = Programs.Python(Programs.Server, serves: true);
        await host.Target.StartAsync(spec, Token);
        host.State(spec).Port.Should().Be(free);
        await host.Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        var second = Programs.Python(Programs.Server, serves: true);
        var start = () => host.Target.StartAsync(second, Token);
        (await start.Should().ThrowAsync<ComputeTargetException>()).Which.Failure.Should().Be(FailureClass.NoCapacity);
        Directory.Exists(host.Workload(second.WorkloadId)).Should().BeFalse();
    }

    [Fact]
    public async Task Program_ThatNeverListens_SaysWhatItWaitsFor()
    {
        var host = Host();
        var spec = Programs.Python("import time\ntime.sleep(1000)", serves: true);
        await host.Target.StartAsync(spec, Token);
        (await host.Target.ObserveAsync(spec.AllocationId, Token)).Should().Match<Observation>(o => o.State == ObservedState.Starting && o.Message!.Contains("does not listen"));
    }

    [Fact]
    public async Task Program_ThatAnswersWithAnError_IsNotReady()
    {
        var host = Host();
        var spec = Programs.Python(Programs.Server.Replace("200", "503"), serves: true);
        await host.Target.StartAsync(spec, Token);
        await UntilAsync(() => host.Target.ObserveAsync(spec.AllocationId, Token).Result.Message?.Contains("503") == true, "it answers 503");
        (await host.Target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.Starting);
    }

    private static (int Held, int Free) TwoPorts()
    {
        for (var port = 31000; ; port += 2)
        {
            try
            {
                foreach (var candidate in new[] { port, port + 1 })
                    using (var probe = new TcpListener(IPAddress.Any, candidate))
                        probe.Start();
                return (port, port + 1);
            }
            catch (SocketException)
            {
                // In use on this machine.
            }
        }
    }
}
