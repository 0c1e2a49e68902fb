using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Tests.Contract;
using Portal.Testing.Kubernetes;
using Portal.Testing.Kubernetes.Programs;

namespace Portal.Compute.Tests.Kubernetes.Target;

/// <summary>Thousands of services that are ready and stay so, on one very large node, with no more to each of them than an observer looks at.</summary>
internal sealed class SteadyWorkloads(TestCluster cluster)
{
    private const string Space = "portal-load";
    private const int AtOnce = 16;

    private readonly List<Guid> _allocations = [];

    /// <summary>The allocations, as they were made.</summary>
    public IReadOnlyList<Guid> Allocations => _allocations;

    /// <summary>Makes so many, and waits until every one of them is ready.</summary>
    public async Task StartAsync(int count, CancellationToken cancellationToken)
    {
        cluster.Programs.Default = new ScriptedProgram { ReadyAfter = TimeSpan.Zero };
        cluster.Nodes.Add("huge", capacity: new Dictionary<string, string> { ["cpu"] = "100000", ["memory"] = "1000Ti", ["pods"] = "100000" });
        await cluster.Client.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new V1ObjectMeta { Name = Space } }, cancellationToken: cancellationToken);
        while ((await cluster.Client.CoreV1.ListNamespacedServiceAccountAsync(Space, cancellationToken: cancellationToken)).Items.Count == 0) await Task.Delay(10, cancellationToken);
        for (var number = 0; number < count; number++) _allocations.Add(Guid.CreateVersion7());
        await Parallel.ForEachAsync(_allocations, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (allocation, token) => await cluster.Client.AppsV1.CreateNamespacedStatefulSetAsync(Set(allocation), Space, cancellationToken: token));
        while ((await cluster.Client.AppsV1.ListNamespacedStatefulSetAsync(Space, cancellationToken: cancellationToken)).Items.Count(s => s.Status?.ReadyReplicas == 1) < count) await Task.Delay(500, cancellationToken);
    }

    /// <summary>Its pod says that it is ready, or not; returns once the server has it.</summary>
    public Task SetReadyAsync(Guid allocation, bool ready, CancellationToken cancellationToken) => cluster.Client.CoreV1.PatchNamespacedPodStatusAsync(
        new V1Patch($$$"""{"status":{"conditions":[{"type":"Ready","status":"{{{(ready ? "True" : "False")}}}"}]}}""", V1Patch.PatchType.StrategicMergePatch), $"{ClusterNames.OfAllocation(allocation)}-0", Space, cancellationToken: cancellationToken);

    private static V1StatefulSet Set(Guid allocation)
    {
        var labels = ClusterNames.Labels(ClusterPrograms.Of(new ContractProgram.RunsOn()) with { AllocationId = allocation });
        return new V1StatefulSet
        {
            Metadata = new V1ObjectMeta { Name = ClusterNames.OfAllocation(allocation), Labels = labels },
            Spec = new V1StatefulSetSpec
            {
                Replicas = 1, ServiceName = ClusterNames.OfAllocation(allocation), Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { [ClusterNames.Allocation] = allocation.ToString() } },
                Template = new V1PodTemplateSpec { Metadata = new V1ObjectMeta { Labels = labels }, Spec = new V1PodSpec { Containers = [new V1Container { Name = ClusterNames.Container, Image = "steady" }] } },
            },
        };
    }
}
