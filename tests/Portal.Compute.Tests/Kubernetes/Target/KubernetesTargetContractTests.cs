using System.Text.Json;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>The contract on a cluster, a real one where <c>PORTAL_TEST_KUBECONFIG</c> is set, with real programs in its containers.</summary>
public sealed class KubernetesTargetContractTests(AnyClusterFixture fixture) : ComputeTargetContract, IClassFixture<AnyClusterFixture>
{
    protected override IComputeTarget Target => fixture.Target;

    protected override AllocationSpec Spec(ContractProgram program, Guid? workloadId = null) => ClusterPrograms.Of(program, workloadId);
}

/// <summary>The contract's programs as they are in a container, where others come in from outside.</summary>
internal static class ClusterPrograms
{
    public static AllocationSpec Of(ContractProgram program, Guid? workloadId = null) => program switch
    {
        ContractProgram.Serves => Programs.Python(Programs.Server.Replace("127.0.0.1", "", StringComparison.Ordinal), workloadId: workloadId, serves: true),
        ContractProgram.RunsOn => Programs.Python("import time\nwhile True: time.sleep(1)", workloadId: workloadId),
        ContractProgram.Ends ends => Programs.Python($"import json, sys\nfor line in json.loads({JsonSerializer.Serialize(JsonSerializer.Serialize(ends.Lines))}): print(line)\nsys.exit({ends.ExitCode})", workloadId: workloadId),
        ContractProgram.Leaves leaves => Programs.Python($"""
            import os
            path = os.path.join(os.environ["PORTAL_ARTIFACT_DIR"], {JsonSerializer.Serialize(leaves.Path)})
            os.makedirs(os.path.dirname(path)); open(path, "w").write({JsonSerializer.Serialize(leaves.Content)})
            """, workloadId: workloadId),
        _ => throw new NotSupportedException(),
    };
}
