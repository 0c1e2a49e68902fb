using System.Text.Json;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>The contract with real processes.</summary>
public class LocalTargetContractTests : ComputeTargetContract, IAsyncDisposable
{
    private readonly LocalHost _host;

    public LocalTargetContractTests()
        : this(new LocalHost())
    {
    }

    protected LocalTargetContractTests(LocalHost host) => _host = host;

    protected override IComputeTarget Target => _host.Target;

    protected override AllocationSpec Spec(ContractProgram program, Guid? workloadId = null) => program switch
    {
        ContractProgram.Serves => Programs.Python(Programs.Server, workloadId: workloadId, serves: true),
        ContractProgram.RunsOn => Programs.Python("import time\nwhile True: time.sleep(1)", workloadId: workloadId),
        ContractProgram.Ends ends => Programs.Python($"import json, sys\nfor line in json.loads({JsonSerializer.Serialize(JsonSerializer.Serialize(ends.Lines))}): print(line)\nsys.exit({ends.ExitCode})", workloadId: workloadId),
        ContractProgram.Leaves leaves => Programs.Python($"""
            import os
            path = os.path.join(os.environ["PORTAL_ARTIFACT_DIR"], {JsonSerializer.Serialize(leaves.Path)})
            os.makedirs(os.path.dirname(path)); open(path, "w").write({JsonSerializer.Serialize(leaves.Content)})
            """, workloadId: workloadId),
        _ => throw new NotSupportedException(),
    };

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>The contract without a sandbox and without control groups, as on a plain host.</summary>
public sealed class PlainLocalTargetContractTests() : LocalTargetContractTests(new LocalHost(o =>
{
    o.UseSandbox = Portal.Compute.LocalProcess.SandboxUse.Off;
    o.LimitsBy = Portal.Compute.LocalProcess.LimitEnforcement.Measured;
    o.AllowUnisolated = true;
}));
