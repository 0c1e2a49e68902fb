using System.Globalization;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.LocalProcess;

public sealed partial class LocalProcessTarget
{
    public Task<TargetDescription> DescribeAsync(CancellationToken cancellationToken) => GuardAsync("describe itself", async () =>
    {
        var level = await _isolation.LevelAsync(cancellationToken);
        var (hostId, reason) = TryHostId(out var id) is { } defect ? (null, Unhealthy(level) ?? defect) : (id, Unhealthy(level));
        return new TargetDescription(
            Name, "local", hostId, reason is null, reason, HostCapacity.Physical(_options), HostCapacity.Allocatable(_options), HostIsolation.Word(level), _limits.Value.By);
    });

    public Task<IReadOnlyList<Offer>> GetOffersAsync(OfferRequest request, CancellationToken cancellationToken) => GuardAsync<IReadOnlyList<Offer>>("make an offer", async () =>
    {
        var description = await DescribeAsync(cancellationToken);
        var reason = description.Reason ?? TooLarge(request, description.Capacity) ?? NotInstalled(request.Requires) ?? NotApart(description.Isolation, request.OwnerId)
            ?? await NotGuardedAsync(request.Unguarded, cancellationToken);
        return [new Offer(Name, "local", "", "host", CapacityType.OnDemand, reason is null, reason)];
    });

    /// <summary>Why the data folder cannot be used, or null and the host's id.</summary>
    private string? TryHostId(out string? hostId)
    {
        try
        {
            hostId = _hostId.Value;
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            hostId = null;
            return $"the data folder {_folders.Data} cannot be used (Local:DataFolder): {e.Message}";
        }
    }

    private string? Unhealthy(IsolationLevel level)
    {
        if (!File.Exists(_options.PythonPath))
            return $"{_options.PythonPath} is not there (Local:PythonPath)";
        if (level == IsolationLevel.UserPerTeam && _isolation.UnreachableFolder() is { } unreachable)
            return unreachable;
        var free = HostCapacity.FreeMib(_folders.Data);
        return free < _options.MinimumFreeDiskMib ? DiskFull().Message : null;
    }

    private static string? TooLarge(OfferRequest request, ResourceAmount capacity)
    {
        var hardware = request.Hardware;
        if (hardware.Gpu is { Count: > 0 } gpu && capacity.Gpus < gpu.Count)
            return capacity.Gpus == 0 ? "this host has no GPU" : $"needs {gpu.Count} GPUs, this host has {capacity.Gpus}";
        return hardware.Vcpu > capacity.Vcpu || hardware.MemoryGib > capacity.MemoryGib
            ? $"needs {Number(hardware.Vcpu)} vCPU and {Number(hardware.MemoryGib)} GiB, this host can give {Number(capacity.Vcpu)} vCPU and {Number(capacity.MemoryGib)} GiB in all"
            : null;
    }

    private string? NotInstalled(IReadOnlyList<string> programs) =>
        HostCapacity.Missing(programs, _path) is { } missing ? $"{missing} is not installed on this host (looked for `{missing}` in {_path})" : null;

    /// <summary>Without isolation one person's programs could read another's: the host then serves one person only.</summary>
    private string? NotApart(string isolation, Guid ownerId)
    {
        if (isolation != HostIsolation.Word(IsolationLevel.None) || _options.AllowUnisolated || !File.Exists(_folders.FirstOwnerFile))
            return null;
        return File.ReadAllText(_folders.FirstOwnerFile).Trim() == ownerId.ToString() ? null
            : "this host cannot keep the programs of different people apart and is in use by another person; install bubblewrap, run the portal as root, or set Local:AllowUnisolated";
    }

    /// <summary>What asks nobody for a credential would answer every program of this host.</summary>
    private async Task<string?> NotGuardedAsync(bool unguarded, CancellationToken cancellationToken) =>
        !unguarded || _options.AllowUnisolated || await _isolation.OwnNetworkWorksAsync(cancellationToken) ? null
            : "this program has no sign-in of its own, and this host cannot give it a network of its own to keep others out; install bubblewrap where it may make network namespaces, or set Local:AllowUnisolated";

    private static string Number(decimal value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
