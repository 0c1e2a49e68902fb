using AwesomeAssertions;
using Portal.Compute.LocalProcess;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>Settings and what the host says it can do.</summary>
public sealed class OptionsAndOffersTests : LocalTestBase
{
    [Fact]
    public void Validate_SeveralWrongSettings_NamesEveryKey()
    {
        var result = new LocalOptionsValidator().Validate(null, new LocalOptions { DataFolder = "relative", CpuOvercommit = 0, MaxLogMib = 0, PortRangeStart = 30, PortRangeEnd = 20, MinimumFreeDiskMib = -1, Vcpu = 0 });
        result.Failures.Should().HaveCount(8).And.OnlyContain(f => f.StartsWith("Local:"));
        new LocalOptionsValidator().Validate(null, new LocalOptions { DataFolder = "/data" }).Succeeded.Should().BeTrue();
    }

    [Fact]
    public async Task Describe_CountsOvercommit()
    {
        var host = Host(adjust: o => (o.Vcpu, o.MemoryGib) = (2, 4));
        var described = await host.Target.DescribeAsync(Token);
        described.Physical.Should().Be(new ResourceAmount(2, 4, 0));
        described.Capacity.Should().Be(new ResourceAmount(16, 12, 0));
        described.Healthy.Should().BeTrue(described.Reason);
        described.HostId.Should().NotBeNullOrEmpty().And.Be((await host.Another().DescribeAsync(Token)).HostId);
    }

    [Fact]
    public async Task Offer_ProgramMissing_SaysWhichAndWhereItWasLookedFor()
    {
        var host = Host();
        var offer = (await host.Target.GetOffersAsync(new OfferRequest(Programs.Tiny, ["python3", "no-such-program"], Guid.NewGuid()), Token))[0];
        offer.Available.Should().BeFalse();
        offer.Reason.Should().Be("no-such-program is not installed on this host (looked for `no-such-program` in /usr/local/bin:/usr/bin:/bin)");
    }

    [Fact]
    public async Task Start_ProgramMissing_IsInvalidAndLeavesNothing()
    {
        var host = Host();
        var spec = Programs.Python("", i => i with { Deployments = [i.Deployments[0] with { Requires = ["no-such-program"] }] });
        var start = () => host.Target.StartAsync(spec, Token);
        (await start.Should().ThrowAsync<ComputeTargetException>()).Which.Failure.Should().Be(FailureClass.Invalid);
        Directory.Exists(host.Workload(spec.WorkloadId)).Should().BeFalse();
    }

    [Fact]
    public async Task Program_NotFoundAtTheLastMoment_SaysSoInItsLog()
    {
        var host = Host();
        var spec = Programs.Python("", i => i with { Deployments = [i.Deployments[0] with { Requires = [], Command = ["no-such-program"] }] });
        await host.Target.StartAsync(spec, Token);
        (await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited)).ExitCode.Should().Be(127);
        (await host.Target.LinesAsync(spec.AllocationId, "err")).Should().ContainSingle().Which.Should().Contain("cannot run no-such-program");
    }

    [Fact]
    public async Task Describe_PythonMissing_IsUnhealthyWithTheKey()
    {
        var host = Host(adjust: o => o.PythonPath = "/usr/bin/no-python");
        (await host.Target.DescribeAsync(Token)).Should().Match<TargetDescription>(d => !d.Healthy && d.Reason!.Contains("Local:PythonPath"));
    }

    [Fact]
    public async Task Labels_OfAnAllocation_NameWhoseItIs()
    {
        var host = Host();
        var spec = Programs.Python("pass");
        await host.Target.StartAsync(spec, Token);
        host.State(spec).Labels.Should().Contain("portal:instance-id", "tests").And.Contain("portal:owner", "ana").And.Contain("portal:cost-centre", "cc-1")
            .And.Contain("portal:item", "test-item").And.Contain("portal:workload-id", spec.WorkloadId.ToString());
    }
}
