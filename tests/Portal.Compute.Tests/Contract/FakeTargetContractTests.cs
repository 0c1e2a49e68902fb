using System.Text;
using Microsoft.Extensions.Time.Testing;
using Portal.Domain.Compute;
using Portal.Testing.Compute;

namespace Portal.Compute.Tests.Contract;

/// <summary>The fake obeys the contract too, so that what is tested with it holds with the real targets.</summary>
public sealed class FakeTargetContractTests : ComputeTargetContract
{
    private readonly FakeComputeTarget _fake = new(new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.FromMilliseconds(1) });

    protected override IComputeTarget Target => _fake;

    protected override AllocationSpec Spec(ContractProgram program, Guid? workloadId = null)
    {
        var spec = Programs.Python("", workloadId: workloadId, serves: program is ContractProgram.Serves);
        _fake.Connection ??= (_, _) => Task.FromResult<Stream>(new AnsweringStream());
        _fake.OnStarted(spec.AllocationId, () => Act(spec, program));
        return spec;
    }

    private void Act(AllocationSpec spec, ContractProgram program)
    {
        if (program is ContractProgram.Ends ends)
        {
            foreach (var line in ends.Lines)
                _fake.Print(spec.AllocationId, line);
            _fake.Exit(spec.AllocationId, ends.ExitCode);
        }
        if (program is ContractProgram.Leaves leaves)
        {
            _fake.PutArtifact(spec.WorkloadId, leaves.Path, Encoding.UTF8.GetBytes(leaves.Content));
            _fake.Exit(spec.AllocationId, 0);
        }
    }

    /// <summary>Swallows the request and answers.</summary>
    private sealed class AnsweringStream() : MemoryStream(Encoding.UTF8.GetBytes("HTTP/1.0 200 OK\r\n\r\nserved"), writable: false)
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
    }
}
