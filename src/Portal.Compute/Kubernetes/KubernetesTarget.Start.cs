using System.Collections.Concurrent;
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
        if (await MainAtAsync(place, spec.AllocationId, cancellationToken) is { } there) return Receipt(there);
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
        if (!await _api.CreateAsync(manifests.Volume, cancellationToken)) await CloseDoorsAsync(space, spec.WorkloadId, cancellationToken);
        if (spec.RunArtifacts is { } run) await CopyRunAsync(spec, space, run, cancellationToken);
        foreach (var item in manifests.Before) await _api.ApplyAsync(item, cancellationToken);
        await _api.CreateAsync(manifests.Main, cancellationToken);
    }

    public Task RestoreAsync(AllocationSpec spec, CancellationToken cancellationToken) => GuardAsync("put back the workload", async () =>
    {
        var manifests = Manifests.Of(_options, spec);
        var place = new Place(ResourceKind.Of(manifests.Main), manifests.Main.Metadata.NamespaceProperty);
        if (await MainAtAsync(place, spec.AllocationId, cancellationToken) is not { Altered: { } altered, End: null, StopAsked: null, Deleting: false }) return true;
        foreach (var item in manifests.Before) await _api.ApplyAsync(item, cancellationToken);
        // With it, what somebody has added to fields that the portal says nothing of is no reason to put it back again.
        manifests.Main.Metadata.Annotations[ClusterNames.Restored] = altered.Key;
        await _api.ApplyAsync(manifests.Main, cancellationToken);
        return true;
    }, cancellationToken);

    private async Task EnsureSpaceAsync(AllocationSpec spec, CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        if (_spaces.TryGetValue(spec.Team, out var made) && made.Vcpu == spec.TeamVcpu && now - made.At < SpaceHoldsFor) return;
        foreach (var item in TeamNamespace.Objects(_options, spec.Team, spec.PortalInstanceId, spec.TeamVcpu)) await _api.ApplyAsync(item, cancellationToken);
        _spaces[spec.Team] = (spec.TeamVcpu, now);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{AllocationId} is {Resource}")]
    private static partial void LogStarted(ILogger logger, Guid allocationId, string resource);
}
