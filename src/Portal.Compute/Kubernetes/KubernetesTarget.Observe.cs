using System.Collections.Concurrent;
using System.Text.Json;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes;

public sealed partial class KubernetesTarget
{
    private const int AtOnce = 8;

    // Where allocations are, so that one of them is asked for by name.
    private readonly ConcurrentDictionary<Guid, Place> _places = new();

    /// <summary>Where an allocation's main object is.</summary>
    private sealed record Place(ResourceKind Kind, string Namespace);

    public Task<Observation> ObserveAsync(Guid allocationId, CancellationToken cancellationToken) => GuardAsync("look at the workload", async () =>
    {
        if (await FindAsync(allocationId, cancellationToken) is not var (place, main)) return new Observation(allocationId, ObservedState.NotFound);
        return await SettleAsync(place, main, await PodsAsync(place, allocationId, cancellationToken), _view?.WarningOf(allocationId), cancellationToken);
    }, cancellationToken);

    public Task<IReadOnlyList<Observation>> ObserveAllAsync(CancellationToken cancellationToken) => ObserveAsync(null, cancellationToken);

    public async Task<IReadOnlyList<Observation>> ObserveSomeAsync(IReadOnlySet<Guid> allocationIds, CancellationToken cancellationToken)
    {
        var seen = await ObserveAsync(allocationIds, cancellationToken);
        var known = seen.Select(o => o.AllocationId).ToHashSet();
        return [.. seen, .. allocationIds.Where(id => !known.Contains(id)).Select(id => new Observation(id, ObservedState.NotFound))];
    }

    public Task<TargetChanges> ChangesAsync(TimeSpan atMost, CancellationToken cancellationToken) => View().ChangesAsync(atMost, cancellationToken);

    private Task<IReadOnlyList<Observation>> ObserveAsync(IReadOnlySet<Guid>? only, CancellationToken cancellationToken) => GuardAsync<IReadOnlyList<Observation>>("look at its workloads", async () =>
    {
        var view = View();
        try
        {
            await view.UntilCurrentAsync(cancellationToken).WaitAsync(_options.CallTimeout, _time, cancellationToken);
        }
        catch (TimeoutException exception)
        {
            throw new ComputeTargetException(FailureClass.Throttled, $"{Name} does not tell what it runs: {view.Unlisted}", exception);
        }
        var outage = view.Outage;
        _use.Refresh();
        var seen = new ConcurrentBag<Observation>();
        // Ends are written down by a call each, and many may end at once.
        await Parallel.ForEachAsync(view.Allocations(only), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (allocation, token) =>
        {
            var (main, pods, warning) = allocation;
            _places[main.AllocationId] = PlaceOf(main);
            // What is not heard now may have changed: nothing is concluded from what was known.
            seen.Add(outage is null ? WithUse(await SettleAsync(PlaceOf(main), main, pods, warning, token), pods) : new Observation(main.AllocationId, ObservedState.Unknown) { WorkloadId = main.WorkloadId, PortalInstanceId = main.Instance, Message = $"{Name} does not answer: {outage}" });
        });
        return [.. seen];
    }, cancellationToken);

    private static Place PlaceOf(MainFacts main) => new(ResourceKind.Mains.Single(k => k.Kind == main.Kind), main.Namespace);

    /// <summary>The verdict; an end that nobody has written down yet is written down first, and the cluster told to make no more pods of it.</summary>
    private async Task<Observation> SettleAsync(Place place, MainFacts main, IReadOnlyList<PodFacts> pods, string? warning, CancellationToken cancellationToken)
    {
        if (Verdict.EndOf(main, pods) is { } end)
        {
            await KeepLogAsync(main, pods, cancellationToken);
            var changed = await RestAsync(place, main, new() { [ClusterNames.End] = end.Write() }, cancellationToken);
            main = changed ?? main;
        }
        var seen = Verdict.Of(main, pods, warning);
        if (seen.Altered is null && seen.State is ObservedState.Starting or ObservedState.Ready) seen = seen with { Altered = await DeletedAsync(place, pods, warning, cancellationToken) };
        return seen with { LogEnd = LogEndOf(main, pods, seen), Parts = await PartsAsync(pods, seen.EndedAt, cancellationToken) };
    }

    /// <summary>Notes something on the main object and scales it to nothing, if it is still the version that was seen; null when it is not, and somebody else has been faster.</summary>
    private async Task<MainFacts?> RestAsync(Place place, MainFacts main, Dictionary<string, string> notes, CancellationToken cancellationToken)
    {
        var spec = place.Kind == ResourceKind.Jobs ? new Dictionary<string, object> { ["suspend"] = true } : new Dictionary<string, object> { ["replicas"] = 0 };
        // A Job that is over cannot be suspended any more, and need not be.
        var body = new Dictionary<string, object> { ["metadata"] = new Dictionary<string, object> { ["resourceVersion"] = main.Version, ["annotations"] = notes } };
        if (place.Kind != ResourceKind.Jobs || notes.ContainsKey(ClusterNames.StopAsked)) body["spec"] = spec;
        try
        {
            return place.Kind switch
            {
                _ when place.Kind == ResourceKind.Jobs => Facts(await _api.MergeAsync<V1Job>(place.Kind, place.Namespace, main.Name, JsonSerializer.Serialize(body), cancellationToken), place),
                _ when place.Kind == ResourceKind.Deployments => Facts(await _api.MergeAsync<V1Deployment>(place.Kind, place.Namespace, main.Name, JsonSerializer.Serialize(body), cancellationToken), place),
                _ => Facts(await _api.MergeAsync<V1StatefulSet>(place.Kind, place.Namespace, main.Name, JsonSerializer.Serialize(body), cancellationToken), place),
            };
        }
        catch (ApiException stale) when (stale.Status == System.Net.HttpStatusCode.Conflict)
        {
            return null;
        }
    }

    private async Task<(Place Place, MainFacts Main)?> FindAsync(Guid allocationId, CancellationToken cancellationToken)
    {
        if (_places.TryGetValue(allocationId, out var known) && await MainAtAsync(known, allocationId, cancellationToken) is { } there) return (known, there);
        if (await MainsAsync($"{ClusterNames.Allocation}={allocationId}", cancellationToken) is not [var found, ..]) return null;
        _places[allocationId] = found.Place;
        return found;
    }

    private async Task<MainFacts?> MainAtAsync(Place place, Guid allocationId, CancellationToken cancellationToken)
    {
        var main = Facts(await _api.FindAsync(place.Kind, place.Namespace, ClusterNames.OfAllocation(allocationId), cancellationToken), place);
        if (main is not null) _places[allocationId] = place;
        return main;
    }

    private static MainFacts? Facts(IKubernetesObject<V1ObjectMeta>? main, Place place) => main is null ? null : MainFacts.Of(main, place.Kind.Kind);

    private async Task<IReadOnlyList<PodFacts>> PodsAsync(Place place, Guid allocationId, CancellationToken cancellationToken) =>
        [.. (await _api.ListAsync<V1Pod>(ResourceKind.Pods, place.Namespace, $"{ClusterNames.Allocation}={allocationId}", 100, null, cancellationToken)).Items.Select(PodFacts.Of).OfType<PodFacts>()];
}
