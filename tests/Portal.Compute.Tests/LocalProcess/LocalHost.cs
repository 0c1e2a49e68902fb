using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Portal.Compute.LocalProcess;
using Portal.Domain.Compute;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>A data folder of its own and targets on it; afterwards nothing runs and nothing is left.</summary>
public sealed class LocalHost : IAsyncDisposable
{
    private readonly List<LocalProcessTarget> _targets = [];

    public LocalHost(Action<LocalOptions>? adjust = null, string? dataFolder = null)
    {
        Options = new LocalOptions { DataFolder = dataFolder ?? Path.Combine(Path.GetTempPath(), $"portal-compute-{Guid.NewGuid():N}") };
        adjust?.Invoke(Options);
        Target = Another();
    }

    public LocalOptions Options { get; }

    public LocalProcessTarget Target { get; }

    /// <summary>A target as a restarted portal has it.</summary>
    public LocalProcessTarget Another()
    {
        var target = new LocalProcessTarget(Microsoft.Extensions.Options.Options.Create(Options), TimeProvider.System, NullLogger<LocalProcessTarget>.Instance);
        _targets.Add(target);
        return target;
    }

    public string Workload(Guid id) => Path.Combine(Options.DataFolder, "workloads", id.ToString());

    public string Allocation(AllocationSpec spec) => Path.Combine(Workload(spec.WorkloadId), "allocations", spec.AllocationId.ToString());

    internal AllocationState State(AllocationSpec spec) => JsonFile.Read<AllocationState>(Path.Combine(Allocation(spec), "state.json"))!;

    public async ValueTask DisposeAsync()
    {
        foreach (var seen in await Target.ObserveAllAsync(CancellationToken.None))
            await Target.StopAsync(seen.AllocationId, TimeSpan.Zero, CancellationToken.None);
        for (var look = 0; look < 200; look++)
        {
            var all = await Target.ObserveAllAsync(CancellationToken.None);
            if (all.All(o => o.State is ObservedState.Exited or ObservedState.Lost or ObservedState.Unknown))
                break;
            await Task.Delay(50);
        }
        foreach (var target in _targets)
            target.Dispose();
        await HostFolders.RemoveAsync(Options.DataFolder, CancellationToken.None);
    }
}
