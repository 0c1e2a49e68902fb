using Portal.Compute.Kubernetes.Use;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes;

public sealed partial class KubernetesTarget
{
    private readonly PodUse _use;

    private Observation WithUse(Observation seen, IReadOnlyList<PodFacts> pods) => seen.State is ObservedState.Starting or ObservedState.Ready ? seen with { Use = _use.Of(pods) } : seen;
}
