using System.Globalization;
using k8s;
using k8s.Models;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes;

public sealed partial class KubernetesTarget
{
    private const int StopTries = 10;

    public Task StopAsync(Guid allocationId, TimeSpan grace, CancellationToken cancellationToken) => GuardAsync("stop the workload", async () =>
    {
        for (var attempt = 0; attempt < StopTries; attempt++)
        {
            if (await FindAsync(allocationId, cancellationToken) is not var (place, main) || main.End is not null) return true;
            var pods = await PodsAsync(place, allocationId, cancellationToken);
            if (main.StopAsked is null && Verdict.EndOf(main, pods) is not null)
            {
                // It has ended by itself already, and that is what is kept of it.
                await SettleAsync(place, main, pods, null, cancellationToken);
                continue;
            }
            await BeginKeepingAsync(main, pods, cancellationToken);
            if (main.StopAsked is null && await RestAsync(place, main, new() { [ClusterNames.StopAsked] = _time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture) }, cancellationToken) is null) continue;
            // The pods' own grace is that of the item; a shorter one is theirs from now on.
            foreach (var pod in pods.Where(p => !p.IsOver)) await _api.DeleteAsync(ResourceKind.Pods, pod.Namespace, pod.Name, grace, cancellationToken);
            return true;
        }
        throw new ComputeTargetException(FailureClass.Throttled, $"{ClusterNames.OfAllocation(allocationId)} keeps changing on {Name}; it is stopped at the next try.");
    }, cancellationToken);

    public Task ForgetAsync(Guid allocationId, CancellationToken cancellationToken) => GuardAsync("forget the workload", async () =>
    {
        if (await FindAsync(allocationId, cancellationToken) is not var (place, main)) return true;
        var seen = await SettleAsync(place, main, await PodsAsync(place, allocationId, cancellationToken), null, cancellationToken);
        if (seen.State is not (ObservedState.Exited or ObservedState.Lost)) throw new ComputeTargetException(FailureClass.Invalid, $"Allocation {allocationId} is {seen.State} and cannot be forgotten; stop it first.");
        var name = ClusterNames.OfAllocation(allocationId);
        // The main object last: while it is there, the rest is looked for.
        await _api.DeleteAsync(ResourceKind.Services, place.Namespace, name, null, cancellationToken);
        if (place.Kind == ResourceKind.Deployments)
            foreach (var kind in new[] { ResourceKind.Autoscalers, ResourceKind.Budgets }) await _api.DeleteAsync(kind, place.Namespace, name, null, cancellationToken);
        // By their names, one after the other: whoever may list Secrets may read them all, and the portal need not.
        for (var number = 0; await _api.DeleteAsync(ResourceKind.Secrets, place.Namespace, FileSecret.NameOf(allocationId, number), null, cancellationToken); number++)
        {
        }
        await _api.DeleteAsync(ResourceKind.Secrets, place.Namespace, name, null, cancellationToken);
        await _kept.ForgetAsync(allocationId, place.Namespace, cancellationToken);
        await _api.DeleteAsync(place.Kind, place.Namespace, name, null, cancellationToken);
        await UntilGoneAsync(place, allocationId, cancellationToken);
        _places.TryRemove(allocationId, out _);
        _follows.Close(allocationId);
        return true;
    }, cancellationToken);

    public Task DeleteStorageAsync(Guid workloadId, CancellationToken cancellationToken) => GuardAsync("delete the storage", async () =>
    {
        var selector = $"{ClusterNames.Workload}={workloadId}";
        foreach (var (place, main) in await MainsAsync(selector, cancellationToken))
        {
            var seen = await SettleAsync(place, main, await PodsAsync(place, main.AllocationId, cancellationToken), null, cancellationToken);
            if (seen.State is not (ObservedState.Exited or ObservedState.Lost)) throw new ComputeTargetException(FailureClass.Invalid, $"Allocation {main.AllocationId} of the workload is {seen.State}; stop it first.");
            await ForgetAsync(main.AllocationId, cancellationToken);
        }
        if (await VolumeOfAsync(workloadId, cancellationToken) is { } space) await CloseDoorsAsync(space, workloadId, cancellationToken);
        foreach (var claim in (await _api.ListAsync<V1PersistentVolumeClaim>(ResourceKind.Claims, null, selector, 10, null, cancellationToken)).Items)
            await _api.DeleteAsync(ResourceKind.Claims, claim.Metadata.NamespaceProperty, claim.Metadata.Name, null, cancellationToken);
        return true;
    }, cancellationToken);

    /// <summary>The main objects that a selector finds, of every kind, in every namespace.</summary>
    private async Task<List<(Place Place, MainFacts Main)>> MainsAsync(string selector, CancellationToken cancellationToken)
    {
        List<(Place, MainFacts)> found = [];
        async Task AddAsync<T>(ResourceKind kind)
            where T : class, IKubernetesObject<V1ObjectMeta>
        {
            foreach (var main in (await _api.ListAsync<T>(kind, null, selector, 500, null, cancellationToken)).Items.Select(i => MainFacts.Of(i, kind.Kind)).OfType<MainFacts>()) found.Add((new Place(kind, main.Namespace), main));
        }
        await AddAsync<V1Job>(ResourceKind.Jobs);
        await AddAsync<V1StatefulSet>(ResourceKind.StatefulSets);
        await AddAsync<V1Deployment>(ResourceKind.Deployments);
        return found;
    }

    /// <summary>Foreground deletion ends when the cluster's own collector is done.</summary>
    private async Task UntilGoneAsync(Place place, Guid allocationId, CancellationToken cancellationToken)
    {
        for (var look = 0; look < 100 && await MainAtAsync(place, allocationId, cancellationToken) is not null; look++) await Task.Delay(TimeSpan.FromMilliseconds(100), _time, cancellationToken);
    }
}
