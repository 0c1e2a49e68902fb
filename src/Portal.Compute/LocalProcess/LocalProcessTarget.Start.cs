using Portal.Domain.Catalog;
using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

public sealed partial class LocalProcessTarget
{
    private const int PortAttempts = 20;
    private const long MostSegmentBytes = 8 << 20;

    public Task<StartReceipt> StartAsync(AllocationSpec spec, CancellationToken cancellationToken) => GuardAsync("start the program", async () =>
    {
        using var claim = await ClaimAsync(spec.AllocationId, cancellationToken);
        // What an earlier call has started, also when it has ended since: one allocation runs once.
        if (ReadState(spec.WorkloadId, spec.AllocationId) is { } state)
            return Receipt(state);
        _starting[spec.AllocationId] = true;
        try
        {
            return await StartFreshAsync(spec, cancellationToken);
        }
        finally
        {
            _starting.TryRemove(spec.AllocationId, out _);
        }
    });

    private async Task<StartReceipt> StartFreshAsync(AllocationSpec spec, CancellationToken cancellationToken)
    {
        var deployment = spec.ItemSpec.DeploymentFor("local")
            ?? throw new ComputeTargetException(FailureClass.Invalid, $"{spec.Item} {spec.Version} has no deployment for local targets.");
        if (NotInstalled(deployment.Requires) is { } missing)
            throw new ComputeTargetException(FailureClass.Invalid, missing);
        var level = await _isolation.LevelAsync(cancellationToken);
        if (Unhealthy(level) is { } reason)
            throw new ComputeTargetException(FailureClass.NoCapacity, reason);
        if (NotApart(HostIsolation.Word(level), spec.OwnerId) is { } alone)
            throw new ComputeTargetException(FailureClass.Invalid, alone);
        if (await NotGuardedAsync(spec.ItemSpec.ListensUnguarded, cancellationToken) is { } open)
            throw new ComputeTargetException(FailureClass.Invalid, open);
        var ownNetwork = spec.ItemSpec.ListensUnguarded && await _isolation.OwnNetworkWorksAsync(cancellationToken);
        var account = NativeCalls.IsRoot ? await _accounts.ForTeamAsync(spec.Team, cancellationToken) : new Account("", NativeCalls.EffectiveUser, 0);
        var isFresh = !Directory.Exists(_folders.Workload(spec.WorkloadId));
        try
        {
            _ = _hostId.Value;
            if (level == IsolationLevel.None && !File.Exists(_folders.FirstOwnerFile))
                await File.WriteAllTextAsync(_folders.FirstOwnerFile, spec.OwnerId.ToString(), cancellationToken);
            _folders.CreateAllocation(spec.WorkloadId, spec.AllocationId);
            ReadyCredential.Keep(_folders.Allocation(spec.WorkloadId, spec.AllocationId), spec);
            await PrepareFoldersAsync(spec, account, cancellationToken);
            return await LaunchAsync(spec, deployment, new Confinement(level, ownNetwork, account), cancellationToken);
        }
        catch (Exception e) when (ReadState(spec.WorkloadId, spec.AllocationId) is null)
        {
            await LeaveNothingAsync(spec, isFresh);
            throw IsDiskFull(e) ? DiskFull(e) : e is ComputeTargetException ? e : new ComputeTargetException(FailureClass.Crashed, $"The program could not be started: {e.Message}", e);
        }
    }

    private async Task PrepareFoldersAsync(AllocationSpec spec, Account account, CancellationToken cancellationToken)
    {
        var kept = spec.ItemSpec.Storage.Where(s => s.Keep).Select(s => s.Name).ToHashSet();
        foreach (var name in StorageNames(spec))
        {
            var folder = _folders.Storage(spec.WorkloadId, name);
            if (!kept.Contains(name))
                await HostFolders.RemoveAsync(folder, cancellationToken);
            HostFolders.CreateOwned(folder, account);
        }
        HostFolders.CreateOwned(_folders.Artifacts(spec.WorkloadId), account);
        HostFolders.CreateOwned(_folders.Checkpoints(spec.WorkloadId), account);
        if (spec.RunArtifacts is { } run)
            await _folders.CopyRunAsync(spec.WorkloadId, run, account, cancellationToken);
    }

    /// <summary>Ports are probed and then bound by another process: whoever loses that race tries the next.</summary>
    private async Task<StartReceipt> LaunchAsync(AllocationSpec spec, DeploymentSpec deployment, Confinement confinement, CancellationToken cancellationToken)
    {
        var taken = spec.ItemSpec.Ports.Count == 0 ? [] : PortsInUse();
        for (var attempt = 0; attempt < PortAttempts; attempt++)
        {
            int? port = spec.ItemSpec.Ports.Count == 0 ? null : PortTable.FreePort(_options.PortRangeStart, _options.PortRangeEnd, taken) ?? throw NoPort();
            var rendered = DeploymentRenderer.Render(spec.ItemSpec, deployment, spec.Parameters, Places(spec, port));
            RefuseNul(rendered);
            _folders.WriteFiles(spec.WorkloadId, spec.AllocationId, FilesOf(spec, rendered), confinement.Account);
            var receipt = await SupervisorProcess.StartAsync(_options, Order(spec, rendered, port, confinement), cancellationToken);
            switch (receipt.Result)
            {
                case "started" or "already":
                    return await AwaitStateAsync(spec, cancellationToken);
                case "portInUse":
                    taken.Add(port!.Value);
                    continue;
                default:
                    throw receipt.DiskFull ? DiskFull()
                        : new ComputeTargetException(receipt.Failure ?? FailureClass.Crashed, $"The program could not be started: {receipt.Message}");
            }
        }
        throw NoPort();
    }

    private ComputeTargetException NoPort() => new(FailureClass.NoCapacity, $"No port from {_options.PortRangeStart} to {_options.PortRangeEnd} is free on this host.");

    /// <summary>Whoever holds the lock writes the state within moments.</summary>
    private async Task<StartReceipt> AwaitStateAsync(AllocationSpec spec, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < 100; attempt++)
        {
            if (ReadState(spec.WorkloadId, spec.AllocationId) is { } state)
            {
                Log.Started(_logger, spec.AllocationId, spec.WorkloadId, state.SupervisorPid);
                return Receipt(state);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), _clock, cancellationToken);
        }
        throw new ComputeTargetException(FailureClass.Crashed, "Another supervisor holds the allocation and has not started it.");
    }

    private async Task LeaveNothingAsync(AllocationSpec spec, bool isFresh)
    {
        await HostFolders.RemoveAsync(_folders.Allocation(spec.WorkloadId, spec.AllocationId), CancellationToken.None);
        await HostFolders.RemoveAsync(_folders.Files(spec.WorkloadId, spec.AllocationId), CancellationToken.None);
        if (isFresh)
            await HostFolders.RemoveAsync(_folders.Workload(spec.WorkloadId), CancellationToken.None);
    }

    private HashSet<int> PortsInUse() =>
        [.. _folders.WorkloadIds().SelectMany(w => _folders.AllocationIds(w).Select(a => (w, a)))
            .Where(x => !File.Exists(Path.Combine(_folders.Allocation(x.w, x.a), "exit.json")))
            .Select(x => ReadState(x.w, x.a)?.Port ?? 0)];

    private static IEnumerable<string> StorageNames(AllocationSpec spec) => spec.ItemSpec.Storage.Select(s => s.Name).Append("work").Distinct();

    private static StartReceipt Receipt(AllocationState state) => new($"pid {state.ChildPid}", state.StartedAt);

    private static IEnumerable<KeyValuePair<string, byte[]>> FilesOf(AllocationSpec spec, RenderedDeployment rendered) =>
        spec.ItemSpec.Files.Where(f => f.Value.Path is not null).Select(f => KeyValuePair.Create(f.Key, Shipped(spec, f.Key, f.Value.Path!))).Concat(rendered.ParameterFiles);

    private static byte[] Shipped(AllocationSpec spec, string name, string path) =>
        spec.ShippedFiles.TryGetValue(name, out var content) || spec.ShippedFiles.TryGetValue(path, out content) ? content
            : throw new ComputeTargetException(FailureClass.Invalid, $"The file '{name}' of {spec.Item} {spec.Version} is not there.");

    private static void RefuseNul(RenderedDeployment rendered)
    {
        if (rendered.Command.Count == 0 || rendered.Command.Concat(rendered.Environment.Keys).Concat(rendered.Environment.Values).Any(v => v.Contains('\0', StringComparison.Ordinal)))
            throw new ComputeTargetException(FailureClass.Invalid, "A command or an environment value holds a NUL character.");
        if (rendered.Environment.Keys.FirstOrDefault(k => k.Length == 0 || k.Contains('=', StringComparison.Ordinal)) is { } name)
            throw new ComputeTargetException(FailureClass.Invalid, $"'{name}' cannot be the name of an environment value.");
    }
}
