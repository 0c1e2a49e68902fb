using System.Collections.Concurrent;
using k8s;
using k8s.Models;
using Microsoft.Extensions.Logging;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes;

public sealed partial class KubernetesTarget
{
    // What people change of a team's namespace is put back by the first start after so long.
    private static readonly TimeSpan SpaceHoldsFor = TimeSpan.FromMinutes(10);

    // Namespaces that this process has made as they are to be, and when.
    private readonly ConcurrentDictionary<string, (decimal? Vcpu, DateTimeOffset At)> _spaces = new();

    public Task<StartReceipt> StartAsync(AllocationSpec spec, CancellationToken cancellationToken) => GuardAsync("start the workload", async () =>
    {
        var manifests = Manifests.Of(_options, spec);
        var place = new Place(ResourceKind.Of(manifests.Main), manifests.Main.Metadata.NamespaceProperty);
        // What an earlier call has started, also when it has ended since: one allocation runs once.
        if (await OursAsync(manifests.Main, cancellationToken) is { } there && Facts(there, place) is { } earlier) return Receipt(earlier);
        await EnsureSpaceAsync(spec, cancellationToken);
        try
        {
            await MakeAsync(spec, manifests, cancellationToken);
        }
        catch (ApiException missing) when (missing.Status == System.Net.HttpStatusCode.NotFound)
        {
            // Somebody has deleted the team's namespace since this process made it.
            _spaces.TryRemove(spec.Team, out _);
            await EnsureSpaceAsync(spec, cancellationToken);
            await MakeAsync(spec, manifests, cancellationToken);
        }
        var main = await MainAtAsync(place, spec.AllocationId, cancellationToken) ?? throw new ComputeTargetException(FailureClass.Lost, $"{manifests.Main.Metadata.Name} was deleted from {Name} as soon as it was made.");
        LogStarted(_logger, spec.AllocationId, main.ResourceId);
        return Receipt(main);
    }, cancellationToken);

    private static StartReceipt Receipt(MainFacts main) => new(main.ResourceId, main.CreatedAt) { BilledByParts = true };

    private async Task MakeAsync(AllocationSpec spec, Manifests manifests, CancellationToken cancellationToken)
    {
        var space = manifests.Main.Metadata.NamespaceProperty;
        // A volume outlives attempts, and most of it cannot be changed: it stays as it was first made.
        if (!await _api.CreateAsync(manifests.Volume, cancellationToken))
        {
            if (await OursAsync(manifests.Volume, cancellationToken) is { Metadata.DeletionTimestamp: not null })
                throw new ComputeTargetException(FailureClass.Throttled, $"Somebody is deleting the workload's volume {manifests.Volume.Metadata.Name} on {Name}, and its files with it. It is started on a new one once that is gone.");
            await CloseDoorsAsync(space, spec.WorkloadId, cancellationToken);
        }
        if (spec.RunArtifacts is { } run) await CopyRunAsync(spec, space, run, cancellationToken);
        foreach (var item in manifests.Before) await EnsureAsync(item, cancellationToken);
        if (!await _api.CreateAsync(manifests.Main, cancellationToken)) await OursAsync(manifests.Main, cancellationToken);
    }

    /// <summary>Makes an object be as it says, unless its name is taken by something that is not the portal's.</summary>
    private async Task EnsureAsync(IKubernetesObject<V1ObjectMeta> item, CancellationToken cancellationToken)
    {
        // Applied also where it is new: what was made in another way, the portal could not take back later.
        if (await OursAsync(item, cancellationToken) is V1Namespace { Metadata.DeletionTimestamp: not null })
            throw new ComputeTargetException(FailureClass.Throttled, $"Somebody is deleting namespace {item.Metadata.Name} on {Name}. It is made anew, and the workload started, once that is gone.");
        await _api.ApplyAsync(item, cancellationToken);
    }

    /// <summary>What there is of a name; null when it is free. Throws when it is not the portal's.</summary>
    private async Task<IKubernetesObject<V1ObjectMeta>?> OursAsync(IKubernetesObject<V1ObjectMeta> wanted, CancellationToken cancellationToken)
    {
        var found = await _api.FindAsync(ResourceKind.Of(wanted), wanted.Metadata.NamespaceProperty, wanted.Metadata.Name, cancellationToken);
        if (found is not null) Ownership.Require(Name, wanted, found);
        return found;
    }

    public Task RestoreAsync(AllocationSpec spec, CancellationToken cancellationToken) => GuardAsync("put back the workload", async () =>
    {
        var manifests = Manifests.Of(_options, spec);
        var place = new Place(ResourceKind.Of(manifests.Main), manifests.Main.Metadata.NamespaceProperty);
        if (await MainAtAsync(place, spec.AllocationId, cancellationToken) is not { End: null, StopAsked: null, Deleting: false } main) return true;
        foreach (var item in manifests.Before) await EnsureAsync(item, cancellationToken);
        if (main.Altered is not { } altered) return true;
        // Within its bounds the number is the autoscaler's.
        if (manifests.Main is k8s.Models.V1Deployment deployment) deployment.Spec.Replicas = Math.Clamp(main.Replicas, deployment.Spec.Replicas ?? 1, Math.Max(deployment.Spec.Replicas ?? 1, manifests.MostReplicas));
        // With it, what somebody has added to fields that the portal says nothing of is no reason to put it back again.
        manifests.Main.Metadata.Annotations[ClusterNames.Restored] = altered.Key;
        try
        {
            await _api.ApplyAsync(manifests.Main, cancellationToken);
        }
        catch (ApiException refused) when (refused.Status == System.Net.HttpStatusCode.UnprocessableEntity)
        {
            // A newer portal may want what cannot be changed any more. The labels, by which it is found, can; for the rest it was answered, or it would be tried again at every look.
            var answered = new { metadata = new { labels = manifests.Main.Metadata.Labels, annotations = new Dictionary<string, string> { [ClusterNames.Restored] = altered.Key } } };
            await _api.MergeAsync<k8s.KubernetesObject>(place.Kind, place.Namespace, manifests.Main.Metadata.Name, System.Text.Json.JsonSerializer.Serialize(answered), cancellationToken);
            throw;
        }
        return true;
    }, cancellationToken);

    /// <summary>Which of the Secrets that its pods wait for is not there any more; null when none is missing. Nobody tells of Secrets that go: the portal may not watch them.</summary>
    private async Task<string?> DeletedAsync(Place place, IReadOnlyList<PodFacts> pods, string? warning, CancellationToken cancellationToken)
    {
        foreach (var pod in pods)
            if (pod.Waiting is { } waiting && PendingWords.MissingSecret($"{waiting.Message} {warning}") is { } name && await _api.FindAsync<V1Secret>(ResourceKind.Secrets, place.Namespace, name, cancellationToken) is null)
                return $"Somebody has deleted its Secret {name} on the cluster";
        return null;
    }

    private async Task EnsureSpaceAsync(AllocationSpec spec, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        if (_spaces.TryGetValue(spec.Team, out var made) && made.Vcpu == spec.TeamVcpu && now - made.At < SpaceHoldsFor) return;
        foreach (var item in TeamNamespace.Objects(_options, spec.Team, spec.PortalInstanceId, spec.TeamVcpu)) await EnsureAsync(item, cancellationToken);
        _spaces[spec.Team] = (spec.TeamVcpu, now);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{AllocationId} is {Resource}")]
    private static partial void LogStarted(ILogger logger, Guid allocationId, string resource);
}
