namespace Portal.Domain.Compute;

/// <summary>The artifacts of a finished run, for a target that hands them to another workload. Throws <see cref="ComputeTargetException"/> when they cannot be had.</summary>
public interface IArtifactSource
{
    Task<IReadOnlyList<ArtifactEntry>> ListAsync(CancellationToken cancellationToken);

    /// <param name="path">One of the listed paths.</param>
    Task<Stream> OpenAsync(string path, CancellationToken cancellationToken);
}
