using System.Globalization;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

public sealed partial class LocalProcessTarget
{
    private RenderPlaces Places(AllocationSpec spec, int? port) => new(
        port, spec.BasePath, _folders.Files(spec.WorkloadId, spec.AllocationId), _folders.Work(spec.WorkloadId),
        _folders.Artifacts(spec.WorkloadId), _folders.Checkpoints(spec.WorkloadId), spec.Credential)
    {
        RunArtifacts = _folders.RunArtifacts(spec.WorkloadId),
    };

    /// <summary>How one allocation is kept apart.</summary>
    /// <param name="OwnNetwork">Nobody but the portal reaches its port, by a socket in the allocation's folder.</param>
    private sealed record Confinement(IsolationLevel Level, bool OwnNetwork, Account Account);

    private SupervisorOrder Order(AllocationSpec spec, RenderedDeployment rendered, int? port, Confinement confinement)
    {
        var account = confinement.Account;
        var limits = _limits.Value.PlanFor(spec.AllocationId, spec.Hardware.Vcpu, (long)(spec.Hardware.MemoryGib * 1024 * 1024 * 1024));
        var logBytes = (long)_options.MaxLogMib << 20;
        return new SupervisorOrder
        {
            Home = _folders.Allocation(spec.WorkloadId, spec.AllocationId),
            Port = port,
            Signal = spec.ItemSpec.Checkpoint.Signal,
            GraceSeconds = spec.ItemSpec.Checkpoint.Grace.TotalSeconds,
            LogSegmentBytes = Math.Min(MostSegmentBytes, logBytes / 8),
            LogMaxBytes = logBytes,
            Command = rendered.Command,
            Environment = EnvironmentOf(spec, rendered, port, account),
            Folder = _folders.Work(spec.WorkloadId),
            Path = _path,
            Wrapper = confinement.Level switch
            {
                IsolationLevel.Sandboxed => SandboxCommand.Wrap(_folders, Plan(spec, account, limits.MemoryBytes) with { OwnNetwork = confinement.OwnNetwork }),
                IsolationLevel.UserPerTeam => SandboxCommand.Drop(account),
                _ => [],
            },
            Python = _options.PythonPath,
            Sandboxed = confinement.Level == IsolationLevel.Sandboxed,
            OwnNetwork = confinement.OwnNetwork,
            Limits = limits,
            Record = new AllocationState
            {
                AllocationId = spec.AllocationId,
                WorkloadId = spec.WorkloadId,
                HostId = _hostId.Value,
                Port = port,
                ReadyPath = rendered.ReadyPath,
                OwnNetwork = confinement.OwnNetwork,
                User = account.User,
                MemoryBytes = limits.MemoryBytes,
                Labels = Labels(spec),
            },
        };
    }

    private SandboxPlan Plan(AllocationSpec spec, Account account, long memoryBytes) => new(
        account,
        [.. StorageNames(spec).Select(n => _folders.Storage(spec.WorkloadId, n)), _folders.Artifacts(spec.WorkloadId), _folders.Checkpoints(spec.WorkloadId)],
        [_folders.Files(spec.WorkloadId, spec.AllocationId), .. spec.RunArtifacts is null ? Array.Empty<string>() : [_folders.RunArtifacts(spec.WorkloadId)]],
        Math.Max(16 << 20, memoryBytes / 2),
        spec.Hardware.Gpu?.Count ?? 0)
    {
        Programs = _options.ProgramFolders.Split(':', StringSplitOptions.RemoveEmptyEntries),
    };

    /// <summary>A clean environment; what the portal says wins over the item, and the item over the defaults.</summary>
    private Dictionary<string, string> EnvironmentOf(AllocationSpec spec, RenderedDeployment rendered, int? port, Account account)
    {
        var work = _folders.Work(spec.WorkloadId);
        var environment = new Dictionary<string, string>
        {
            ["PATH"] = _path,
            ["HOME"] = work,
            ["LANG"] = "C.UTF-8",
            ["SHELL"] = File.Exists("/bin/bash") ? "/bin/bash" : "/bin/sh",
            ["TMPDIR"] = "/tmp",
            ["USER"] = account.Name,
            ["LOGNAME"] = account.Name,
        };
        foreach (var (name, value) in rendered.Environment)
            environment[name] = value;
        environment["PORTAL_WORKLOAD_ID"] = spec.WorkloadId.ToString();
        environment["PORTAL_ALLOCATION_ID"] = spec.AllocationId.ToString();
        environment["PORTAL_ATTEMPT"] = spec.Attempt.ToString(CultureInfo.InvariantCulture);
        environment["PORTAL_CHECKPOINT_DIR"] = _folders.Checkpoints(spec.WorkloadId);
        environment["PORTAL_ARTIFACT_DIR"] = _folders.Artifacts(spec.WorkloadId);
        environment["PORTAL_BASE_PATH"] = spec.BasePath;
        environment["PORTAL_PROXY_TOKEN"] = spec.Credential;
        foreach (var name in StorageNames(spec))
            environment[$"PORTAL_STORAGE_{name.ToUpperInvariant().Replace('-', '_')}"] = _folders.Storage(spec.WorkloadId, name);
        if (spec.PortalUrl is not null)
            environment["PORTAL_URL"] = spec.PortalUrl;
        if (port is not null)
            environment["PORT"] = port.Value.ToString(CultureInfo.InvariantCulture);
        return environment;
    }

    private static Dictionary<string, string> Labels(AllocationSpec spec) => new()
    {
        ["portal:instance-id"] = spec.PortalInstanceId,
        ["portal:workload-id"] = spec.WorkloadId.ToString(),
        ["portal:workload-name"] = spec.WorkloadName,
        ["portal:allocation-id"] = spec.AllocationId.ToString(),
        ["portal:attempt"] = spec.Attempt.ToString(CultureInfo.InvariantCulture),
        ["portal:owner-id"] = spec.OwnerId.ToString(),
        ["portal:owner"] = spec.Owner,
        ["portal:team"] = spec.Team,
        ["portal:cost-centre"] = spec.CostCentre ?? "",
        ["portal:item"] = spec.Item,
        ["portal:version"] = spec.Version,
    };
}
