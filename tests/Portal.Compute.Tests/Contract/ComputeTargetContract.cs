using System.Text;
using AwesomeAssertions;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.Contract;

/// <summary>What a program in the contract suite does.</summary>
public abstract record ContractProgram
{
    /// <summary>Listens, is ready soon, runs until stopped.</summary>
    public sealed record Serves : ContractProgram;

    /// <summary>Runs until stopped, without a port.</summary>
    public sealed record RunsOn : ContractProgram;

    /// <summary>Prints lines and ends.</summary>
    public sealed record Ends(int ExitCode, params string[] Lines) : ContractProgram;

    /// <summary>Leaves an artifact and ends with 0.</summary>
    public sealed record Leaves(string Path, string Content) : ContractProgram;
}

/// <summary>What every compute target must do. A target's test class derives from this and says how the programs are run on it.</summary>
public abstract class ComputeTargetContract
{
    protected abstract IComputeTarget Target { get; }

    /// <summary>An allocation that does what the program says on this target.</summary>
    protected abstract AllocationSpec Spec(ContractProgram program, Guid? workloadId = null);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Observe_NeverStarted_NotFound() =>
        (await Target.ObserveAsync(Guid.CreateVersion7(), Token)).State.Should().Be(ObservedState.NotFound);

    [Fact]
    public async Task Start_ServingProgram_BecomesReadyAndStaysReady()
    {
        var spec = Spec(new ContractProgram.Serves());
        var receipt = await Target.StartAsync(spec, Token);
        var ready = await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        ready.WorkloadId.Should().Be(spec.WorkloadId);
        ready.ResourceId.Should().Be(receipt.ResourceId);
        ready.StartedAt.Should().Be(receipt.StartedAt);
        ready.ReadyAt.Should().BeOnOrAfter(receipt.StartedAt);
        (await Target.ObserveAsync(spec.AllocationId, Token)).ReadyAt.Should().Be(ready.ReadyAt);
    }

    [Fact]
    public async Task Start_ProgramWithoutPort_IsReadyOnceStarted()
    {
        var spec = Spec(new ContractProgram.RunsOn());
        await Target.StartAsync(spec, Token);
        (await Target.UntilAsync(spec.AllocationId, ObservedState.Ready)).ExitCode.Should().BeNull();
    }

    [Fact]
    public async Task Start_Twice_MakesOneResource()
    {
        var spec = Spec(new ContractProgram.RunsOn());
        var first = await Target.StartAsync(spec, Token);
        var second = await Target.StartAsync(spec, Token);
        second.Should().Be(first);
        await Target.UntilListedAsync(spec.AllocationId, o => o is not null);
        (await Target.ObserveAllAsync(Token)).Where(o => o.AllocationId == spec.AllocationId).Should().ContainSingle();
    }

    [Fact]
    public async Task Start_InParallel_MakesOneResource()
    {
        var spec = Spec(new ContractProgram.RunsOn());
        var receipts = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Target.StartAsync(spec, Token))));
        receipts.Distinct().Should().ContainSingle();
    }

    [Fact]
    public async Task Start_AfterItEnded_DoesNotRunAgain()
    {
        var spec = Spec(new ContractProgram.Ends(3, "once"));
        var first = await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        (await Target.StartAsync(spec, Token)).Should().Be(first);
        (await Target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.Exited);
        (await Target.LinesAsync(spec.AllocationId)).Should().Equal("once");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public async Task Program_EndsByItself_ExitedWithItsCode(int code)
    {
        var spec = Spec(new ContractProgram.Ends(code));
        var receipt = await Target.StartAsync(spec, Token);
        var seen = await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        seen.ExitCode.Should().Be(code);
        seen.StopRequested.Should().BeFalse();
        seen.Failure.Should().BeNull("its own exit code says it all");
        seen.EndedAt.Should().BeOnOrAfter(receipt.StartedAt);
    }

    [Fact]
    public async Task Stop_RunningProgram_ExitsAndSaysItWasAsked()
    {
        var spec = Spec(new ContractProgram.Serves());
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        await Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(5), Token);
        await Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(5), Token);
        var seen = await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        seen.StopRequested.Should().BeTrue();
        seen.EndedAt.Should().NotBeNull();
        await Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(5), Token);
        (await Target.ObserveAsync(spec.AllocationId, Token)).Should().BeEquivalentTo(seen, o => o.Excluding(e => e.Parts), "it stays as it ended; what it held may be swept away meanwhile");
    }

    [Fact]
    public async Task Stop_NeverStarted_IsNoError()
    {
        var id = Guid.CreateVersion7();
        await Target.StopAsync(id, TimeSpan.Zero, Token);
        (await Target.ObserveAsync(id, Token)).State.Should().Be(ObservedState.NotFound);
    }

    [Fact]
    public async Task Forget_Alive_IsRefused()
    {
        var spec = Spec(new ContractProgram.RunsOn());
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        var forget = () => Target.ForgetAsync(spec.AllocationId, Token);
        (await forget.Should().ThrowAsync<ComputeTargetException>()).Which.Failure.Should().Be(FailureClass.Invalid);
        (await Target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.Ready);
    }

    [Fact]
    public async Task ObserveAll_EndedAllocation_IsListedUntilForgotten()
    {
        var spec = Spec(new ContractProgram.Ends(0));
        await Target.StartAsync(spec, Token);
        var seen = await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        (await Target.UntilListedAsync(spec.AllocationId, o => o?.State == ObservedState.Exited)).Should().BeEquivalentTo(seen);
        await Target.ForgetAsync(spec.AllocationId, Token);
        await Target.ForgetAsync(spec.AllocationId, Token);
        await Target.UntilListedAsync(spec.AllocationId, o => o is null);
        (await Target.ObserveAsync(spec.AllocationId, Token)).State.Should().Be(ObservedState.NotFound);
    }

    [Fact]
    public async Task ReadLog_FromCursors_GivesEveryLineOnceInOrder()
    {
        string[] printed = [.. Enumerable.Range(0, 200).Select(i => $"line {i}")];
        var spec = Spec(new ContractProgram.Ends(0, printed));
        await Target.StartAsync(spec, Token);
        var seen = await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        List<string> read = [];
        long cursor = 0;
        while (cursor < seen.LogEnd)
        {
            var slice = await Target.ReadLogAsync(spec.AllocationId, cursor, 700, Token);
            slice.NextCursor.Should().BeGreaterThan(cursor);
            slice.Truncated.Should().BeFalse();
            read.AddRange(slice.Lines.Where(l => l.Source == "out").Select(l => l.Text));
            cursor = slice.NextCursor;
        }
        read.Should().Equal(printed);
        (await Target.ReadLogAsync(spec.AllocationId, cursor, 700, Token)).Lines.Should().BeEmpty();
    }

    [Fact]
    public async Task ReadLogTail_GivesTheLastLinesAndWhereToGoOn()
    {
        var spec = Spec(new ContractProgram.Ends(0, [.. Enumerable.Range(0, 5000).Select(i => $"line {i}")]));
        await Target.StartAsync(spec, Token);
        var seen = await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        var tail = await Target.ReadLogTailAsync(spec.AllocationId, 3, Token);
        tail.Lines.Select(l => l.Text).Should().Equal("line 4997", "line 4998", "line 4999");
        tail.NextCursor.Should().Be(seen.LogEnd);
    }

    [Fact]
    public async Task Artifacts_OfAProgram_AreListedReadAndDeletedWithTheStorage()
    {
        var spec = Spec(new ContractProgram.Leaves("models/a.txt", "content"));
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        var entry = (await Target.ListArtifactsAsync(spec.WorkloadId, Token)).Should().ContainSingle().Subject;
        entry.Path.Should().Be("models/a.txt");
        entry.SizeBytes.Should().Be(7);
        await using (var stream = await Target.OpenArtifactAsync(spec.WorkloadId, "models/a.txt", Token))
            new StreamReader(stream!, Encoding.UTF8).ReadToEnd().Should().Be("content");
        (await Target.OpenArtifactAsync(spec.WorkloadId, "models/none.txt", Token)).Should().BeNull();
        (await Target.OpenArtifactAsync(spec.WorkloadId, "../work/x", Token)).Should().BeNull();
        await Target.DeleteStorageAsync(spec.WorkloadId, Token);
        await Target.DeleteStorageAsync(spec.WorkloadId, Token);
        (await Target.ListArtifactsAsync(spec.WorkloadId, Token)).Should().BeEmpty();
    }

    [Fact]
    public async Task DeleteStorage_WhileItRuns_IsRefused()
    {
        var spec = Spec(new ContractProgram.RunsOn());
        await Target.StartAsync(spec, Token);
        var delete = () => Target.DeleteStorageAsync(spec.WorkloadId, Token);
        (await delete.Should().ThrowAsync<ComputeTargetException>()).Which.Failure.Should().Be(FailureClass.Invalid);
    }

    [Fact]
    public async Task Connect_ServingProgram_ReachesIt()
    {
        var spec = Spec(new ContractProgram.Serves());
        await Target.StartAsync(spec, Token);
        await Target.UntilAsync(spec.AllocationId, ObservedState.Ready);
        await using var stream = await Target.ConnectAsync(spec.AllocationId, Token);
        await stream.WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), Token);
        (await new StreamReader(stream).ReadToEndAsync(Token)).Should().EndWith("served");
    }

    [Fact]
    public async Task Connect_NothingRuns_IsAClassifiedError()
    {
        var connect = () => Target.ConnectAsync(Guid.CreateVersion7(), Token);
        await connect.Should().ThrowAsync<ComputeTargetException>();
    }

    [Fact]
    public async Task Offers_SayWhyAPlaceCannotTakeIt()
    {
        var fits = new HardwareProfileSpec { Slug = "s", Name = "S", Vcpu = 0.25m, MemoryGib = 0.5m };
        async Task<Offer> OfferFor(HardwareProfileSpec hardware) => (await Target.GetOffersAsync(new OfferRequest(hardware, [], Guid.CreateVersion7()), Token))[0];
        (await OfferFor(fits)).Should().Match<Offer>(o => o.Available && o.Reason == null);
        (await OfferFor(fits with { MemoryGib = 999_999 })).Should().Match<Offer>(o => !o.Available && o.Reason!.Contains("999999"));
        (await OfferFor(fits with { Gpu = new GpuSpec("h100", 64, 80) })).Should().Match<Offer>(o => !o.Available && o.Reason!.Contains("GPU"));
    }
}
