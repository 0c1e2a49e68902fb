using System.Globalization;
using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

public sealed partial class LocalProcessTarget
{
    private const int ProbesAtOnce = 16;
    private const uint LowestTeamUser = 100;

    public Task<Observation> ObserveAsync(Guid allocationId, CancellationToken cancellationToken) => GuardAsync("observe the program", async () =>
    {
        if (_folders.WorkloadOf(allocationId) is not { } workloadId)
            return new Observation(allocationId, _starting.ContainsKey(allocationId) ? ObservedState.Starting : ObservedState.NotFound);
        return await ObserveOneAsync(workloadId, allocationId, cancellationToken);
    });

    public Task<IReadOnlyList<Observation>> ObserveAllAsync(CancellationToken cancellationToken) => GuardAsync<IReadOnlyList<Observation>>("observe its programs", async () =>
    {
        using var some = new SemaphoreSlim(ProbesAtOnce, ProbesAtOnce);
        var looks = _folders.WorkloadIds().SelectMany(w => _folders.AllocationIds(w).Select(a => (w, a))).Select(async pair =>
        {
            await some.WaitAsync(cancellationToken);
            try
            {
                return await ObserveOneAsync(pair.w, pair.a, cancellationToken);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // One that cannot be looked at says nothing about the others, nor about itself.
                return new Observation(pair.a, ObservedState.Unknown) { WorkloadId = pair.w, Message = e.Message };
            }
            finally
            {
                some.Release();
            }
        }).ToList();
        return [.. (await Task.WhenAll(looks)).Where(o => o.State != ObservedState.NotFound)];
    });

    private AllocationState? ReadState(Guid workloadId, Guid allocationId) => JsonFile.Read<AllocationState>(FileOf(workloadId, allocationId, "state.json"));

    private string FileOf(Guid workloadId, Guid allocationId, string name) => Path.Combine(_folders.Allocation(workloadId, allocationId), name);

    private async Task<Observation> ObserveOneAsync(Guid workloadId, Guid allocationId, CancellationToken cancellationToken)
    {
        if (ReadState(workloadId, allocationId) is not { } state)
            return new Observation(allocationId, _starting.ContainsKey(allocationId) ? ObservedState.Starting : ObservedState.NotFound);
        var seen = new Observation(allocationId, ObservedState.Unknown) { WorkloadId = workloadId, ResourceId = Receipt(state).ResourceId, StartedAt = state.StartedAt };
        if (state.HostId != _hostId.Value)
            return seen with { Message = $"It runs on another host ({state.HostId})." };
        string Own(string name) => FileOf(workloadId, allocationId, name);
        var usage = JsonFile.Read<UsageSample>(Own("usage.json"));
        seen = seen with
        {
            ReadyAt = state.Port is null ? state.StartedAt : JsonFile.Read<AllocationReady>(Own("ready.json"))?.At,
            LogEnd = new LogSegments(Own("log")).End(),
            Use = usage is null ? null : new ResourceUse(usage.At, usage.CpuCores, usage.MemoryBytes),
            StopRequested = File.Exists(Own("stop")),
        };
        // In this order: a supervisor that ends between two looks has left its exit before it went.
        var lives = IsSupervised(state);
        if (JsonFile.Read<AllocationExit>(Own("exit.json")) is { } exit)
            return Ended(seen, state, exit, JsonFile.Read<PortClash>(Own("clash.json")));
        if (!lives)
            return Gone(seen, state, Own("lost.json"));
        if (seen.StopRequested)
            return seen with { State = ObservedState.Stopping };
        return seen.ReadyAt is not null ? seen with { State = ObservedState.Ready } : await LookForReadyAsync(seen, state, cancellationToken);
    }

    private static bool IsSupervised(AllocationState state) => state.BootId == ProcessTable.BootId() && ProcessTable.IsAlive(state.SupervisorPid, state.SupervisorStart);

    private async Task<Observation> LookForReadyAsync(Observation seen, AllocationState state, CancellationToken cancellationToken)
    {
        var (port, waiting) = (state.Port!.Value, seen with { State = ObservedState.Starting });
        var folder = _folders.Allocation(state.WorkloadId, state.AllocationId);
        switch (Holder(state))
        {
            case PortHolder.Foreign:
                var clash = new PortClash(port, _clock.GetUtcNow());
                JsonFile.TryWrite(FileOf(state.WorkloadId, state.AllocationId, "clash.json"), clash);
                Log.PortClash(_logger, port, state.AllocationId);
                return waiting with { Failure = FailureClass.Crashed, Message = Words(clash) };
            case PortHolder.Nobody:
                return waiting with { Message = $"The program does not listen on its port {port} yet." };
        }
        if (await ReadinessProbe.RefusalAsync(token => ProgramDoor.ConnectAsync(folder, state, token), state.ReadyPath ?? "/", ReadyCredential.Of(folder), cancellationToken) is { } refusal)
            return waiting with { Message = refusal };
        // Written down so that it stays ready: what a busy program answers later is not the start's business.
        var ready = new AllocationReady(_clock.GetUtcNow());
        JsonFile.TryWrite(FileOf(state.WorkloadId, state.AllocationId, "ready.json"), ready);
        ReadyCredential.Drop(folder);
        return seen with { State = ObservedState.Ready, ReadyAt = ready.At };
    }

    private static Observation Ended(Observation seen, AllocationState state, AllocationExit exit, PortClash? clash)
    {
        var ended = seen with { State = ObservedState.Exited, EndedAt = exit.EndedAt, ExitCode = exit.Code, StopRequested = exit.StopRequested };
        if (exit.Oom)
            return ended with { Failure = FailureClass.OutOfMemory, Message = $"It used more than its {state.MemoryBytes >> 20} MiB of memory and was ended." };
        if (clash is not null && seen.ReadyAt is null && !exit.StopRequested)
            return ended with { Failure = FailureClass.Crashed, Message = Words(clash) };
        var words = exit.StopRequested ? exit.Killed ? "Stopped; it did not end in time and was killed." : "Stopped."
            : exit.Signal is { } signal ? $"The program was ended by signal {signal} (exit code {exit.Code})."
            : $"The program ended with exit code {exit.Code}.";
        return ended with { Message = exit.LogLinesDropped == 0 ? words : $"{words} {exit.LogLinesDropped.ToString(CultureInfo.InvariantCulture)} log lines were dropped because the disk was full." };
    }

    /// <summary>The supervisor is gone and left no exit: whatever it watched is ended, and then it is lost.</summary>
    private Observation Gone(Observation seen, AllocationState state, string file)
    {
        if (JsonFile.Read<AllocationLoss>(file) is not { } loss)
        {
            if (!KillLeftovers(state))
                return seen with { State = ObservedState.Stopping, Message = "Its supervisor is gone; what is left of the program is being ended." };
            var restarted = state.BootId != ProcessTable.BootId();
            loss = new AllocationLoss(
                // It certainly lived when it was last measured; nobody is billed for more than that.
                seen.Use?.At ?? state.StartedAt, seen.StopRequested,
                restarted ? "The host was restarted." : "Its supervisor was ended from outside; the program was ended with it.");
            JsonFile.TryWrite(file, loss);
            Log.Lost(_logger, state.AllocationId);
        }
        return seen with { State = ObservedState.Lost, Failure = FailureClass.Lost, EndedAt = loss.EndedAt, StopRequested = loss.StopRequested, Message = loss.Message };
    }

    /// <summary>Ends what a dead supervisor has left; false when something will not go (yet).</summary>
    private static bool KillLeftovers(AllocationState state)
    {
        // Children come while their parents go: look until a look finds nothing.
        for (var look = 0; look < 200; look++)
        {
            var left = Leftovers(state);
            if (left.Count == 0)
            {
                foreach (var group in state.Groups.Where(Directory.Exists))
                    HostLimits.Remove(group);
                return true;
            }
            foreach (var pid in left)
                NativeCalls.Kill(pid, NativeCalls.SigKill);
            Thread.Sleep(10);
        }
        return false;
    }

    private static HashSet<int> Leftovers(AllocationState state)
    {
        HashSet<int> left = [.. ProcessTable.InGroups(state.Groups), .. ProcessTable.OfAllocation(state.AllocationId)];
        // A team's user runs nothing but workloads, and those are below their supervisors: what is not is left over, whatever it has made of its environment.
        if (NativeCalls.IsRoot && state.User >= LowestTeamUser)
            left.UnionWith(ProcessTable.Unsupervised(state.User));
        return left;
    }

    /// <summary>Who answers at the program's port; in a network of its own there is nobody else.</summary>
    private PortHolder Holder(AllocationState state) => state.OwnNetwork ? PortHolder.Own : PortTable.HolderOf(state.Port!.Value, state, Listeners(state.AllocationId));

    /// <summary>Inodes of sockets already known to be the allocation's own.</summary>
    private HashSet<string> Listeners(Guid allocationId) => _ownListeners.GetOrAdd(allocationId, _ => []);

    private static string Words(PortClash clash) => $"Port {clash.Port} is held by another program of this host, so this one cannot be reached; a new attempt takes another port.";
}
