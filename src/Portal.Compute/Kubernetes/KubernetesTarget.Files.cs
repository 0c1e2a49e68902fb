using System.Security.Cryptography;
using System.Text;
using k8s.Models;
using Portal.Compute.Kubernetes.Api;
using Portal.Compute.Kubernetes.Files;
using Portal.Compute.Kubernetes.Objects;
using Portal.Compute.Kubernetes.Watching;
using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes;

public sealed partial class KubernetesTarget
{
    private const string ArtifactFolder = "artifacts", RunFolder = "run";
    private const string CopiedMark = ".portal-copied";
    private static readonly TimeSpan FilesPatience = TimeSpan.FromSeconds(60);
    private static readonly Lazy<string> FilesScript = new(() =>
    {
        using var script = new StreamReader(typeof(KubernetesTarget).Assembly.GetManifestResourceStream("Portal.Compute.Kubernetes.Files.files.py")!);
        return script.ReadToEnd();
    });

    public Task<IReadOnlyList<ArtifactEntry>> ListArtifactsAsync(Guid workloadId, CancellationToken cancellationToken) => GuardAsync<IReadOnlyList<ArtifactEntry>>("list the artifacts", async () =>
    {
        if (await VolumeOfAsync(workloadId, cancellationToken) is not { } space) return [];
        using var door = await OpenDoorAsync(space, workloadId, ArtifactFolder, false, cancellationToken);
        return await door.ListAsync(cancellationToken);
    }, cancellationToken);

    public Task<Stream?> OpenArtifactAsync(Guid workloadId, string path, CancellationToken cancellationToken) => GuardAsync<Stream?>("open the artifact", async () =>
    {
        if (path.Split('/').Any(part => part is "" or "." or "..") || path.Contains('\0', StringComparison.Ordinal) || await VolumeOfAsync(workloadId, cancellationToken) is not { } space) return null;
        var door = await OpenDoorAsync(space, workloadId, ArtifactFolder, false, cancellationToken);
        // The connection is the stream's own and lives on.
        return await door.OpenAsync(path, cancellationToken);
    }, cancellationToken);

    /// <summary>Puts what a run left into the workload's volume, once; what an interrupted copy has left behind is written again.</summary>
    private async Task CopyRunAsync(AllocationSpec spec, string space, IArtifactSource run, CancellationToken cancellationToken)
    {
        using var door = await OpenDoorAsync(space, spec.WorkloadId, RunFolder, true, cancellationToken);
        if ((await door.ListAsync(cancellationToken)).All(f => f.Path != CopiedMark))
        {
            foreach (var artifact in await run.ListAsync(cancellationToken))
            {
                await using var content = await run.OpenAsync(artifact.Path, cancellationToken);
                await door.WriteAsync(artifact.Path, content, artifact.SizeBytes, cancellationToken);
            }
            await door.WriteAsync(CopiedMark, Stream.Null, 0, cancellationToken);
        }
        await _api.DeleteAsync(ResourceKind.Jobs, space, FilesJob.NameOf(spec.WorkloadId, RunFolder), TimeSpan.Zero, cancellationToken);
    }

    /// <summary>The namespace of a workload's volume, or null when it has none.</summary>
    private async Task<string?> VolumeOfAsync(Guid workloadId, CancellationToken cancellationToken) =>
        (await _api.ListAsync<V1PersistentVolumeClaim>(ResourceKind.Claims, null, $"{ClusterNames.Workload}={workloadId}", 2, null, cancellationToken)).Items.FirstOrDefault(c => c.Metadata.DeletionTimestamp is null)?.Metadata.NamespaceProperty;

    private async Task<FilesDoor> OpenDoorAsync(string space, Guid workloadId, string folder, bool writable, CancellationToken cancellationToken)
    {
        var name = FilesJob.NameOf(workloadId, folder);
        var limit = _time.GetUtcNow() + FilesPatience;
        PodFacts? pod = null;
        while (_time.GetUtcNow() < limit)
        {
            pod = await FilesPodAsync(space, name, cancellationToken);
            if (pod is { ReadySince: not null, Deleting: false } && await _api.FindAsync<V1Secret>(ResourceKind.Secrets, space, name, cancellationToken) is { } secret)
            {
                var ready = pod;
                return new FilesDoor(token => ReachAsync(ready, token), Encoding.UTF8.GetString(secret.Data[FilesJob.TokenKey]));
            }
            if (pod is null or { IsOver: true }) await BeginFilesAsync(space, workloadId, folder, writable, cancellationToken);
            await Task.Delay(TimeSpan.FromMilliseconds(200), _time, cancellationToken);
        }
        throw new ComputeTargetException(FailureClass.NoCapacity, $"The pod that reads the workload's volume does not run on {Name} yet. {PendingWords.Of(pod, null)}");
    }

    private async Task BeginFilesAsync(string space, Guid workloadId, string folder, bool writable, CancellationToken cancellationToken)
    {
        var name = FilesJob.NameOf(workloadId, folder);
        if (await _api.FindAsync<V1Job>(ResourceKind.Jobs, space, name, cancellationToken) is { } job)
        {
            Ownership.Require(Name, FilesJob.Job(_options, space, workloadId, folder, writable, false, ""), job);
            // One that is over is in the way until the cluster has removed it.
            if (job.Status?.Conditions?.Any(c => c is { Status: "True", Type: "Complete" or "Failed" }) == true) await _api.DeleteAsync(ResourceKind.Jobs, space, name, TimeSpan.Zero, cancellationToken);
            return;
        }
        var beside = (await _api.ListAsync<V1Pod>(ResourceKind.Pods, space, $"{ClusterNames.Workload}={workloadId},{ClusterNames.Allocation}", 100, null, cancellationToken)).Items.Select(PodFacts.Of).OfType<PodFacts>().Any(p => p is { IsOver: false, Deleting: false, Node: not null });
        // Kept while it is there: another process of the portal may be asking with it.
        await _api.CreateAsync(FilesJob.Secret(space, workloadId, folder, Convert.ToHexString(RandomNumberGenerator.GetBytes(32))), cancellationToken);
        await _api.CreateAsync(FilesJob.Job(_options, space, workloadId, folder, writable, beside, FilesScript.Value), cancellationToken);
    }

    private async Task<PodFacts?> FilesPodAsync(string space, string name, CancellationToken cancellationToken) =>
        (await _api.ListAsync<V1Pod>(ResourceKind.Pods, space, $"{FilesJob.Label}={name}", 10, null, cancellationToken)).Items.Select(PodFacts.OfFiles).OrderBy(p => p.IsOver).FirstOrDefault();

    /// <summary>Ends whatever reads a workload's volume and would keep it on its node.</summary>
    private async Task CloseDoorsAsync(string space, Guid workloadId, CancellationToken cancellationToken)
    {
        foreach (var folder in new[] { ArtifactFolder, RunFolder })
        {
            var name = FilesJob.NameOf(workloadId, folder);
            await _api.DeleteAsync(ResourceKind.Jobs, space, name, TimeSpan.Zero, cancellationToken);
            foreach (var pod in (await _api.ListAsync<V1Pod>(ResourceKind.Pods, space, $"{FilesJob.Label}={name}", 10, null, cancellationToken)).Items) await _api.DeleteAsync(ResourceKind.Pods, space, pod.Metadata.Name, TimeSpan.Zero, cancellationToken);
            await _api.DeleteAsync(ResourceKind.Secrets, space, name, null, cancellationToken);
        }
    }
}
