using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Portal.Domain.Compute;

namespace Portal.Compute.LocalProcess;

/// <summary>
/// The <c>local</c> target: programs on the portal's own host, each under a detached supervisor that outlives the portal (supervisor.py).
/// All state is in the data folder, so any instance on the same host can observe, adopt and end what another one started.
/// </summary>
public sealed partial class LocalProcessTarget : IComputeTarget, IDisposable
{
    private readonly LocalOptions _options;
    /// <summary>Where programs of workloads are looked up.</summary>
    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly ILogger<LocalProcessTarget> _logger;
    private readonly HostFolders _folders;
    private readonly HostIsolation _isolation;
    private readonly Lazy<HostLimits> _limits;
    private readonly Lazy<string> _hostId;
    private readonly TeamAccounts _accounts = new();
    private readonly SemaphoreSlim[] _gates = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1, 1))];
    private readonly ConcurrentDictionary<Guid, HashSet<string>> _ownListeners = new();
    private readonly ConcurrentDictionary<Guid, bool> _starting = new();

    public LocalProcessTarget(IOptions<LocalOptions> options, TimeProvider clock, ILogger<LocalProcessTarget> logger)
    {
        _options = options.Value;
        _path = HostCapacity.WorkloadPath(_options);
        _clock = clock;
        _logger = logger;
        _folders = new HostFolders(_options.DataFolder);
        _isolation = new HostIsolation(_options, _folders);
        _limits = new Lazy<HostLimits>(() => new HostLimits(_options.LimitsBy));
        // A failure, such as a full disk, is not remembered.
        _hostId = new Lazy<string>(ReadOrMakeHostId, LazyThreadSafetyMode.PublicationOnly);
    }

    public string Name => "local";

    public void Dispose()
    {
        _isolation.Dispose();
        _accounts.Dispose();
        foreach (var gate in _gates)
            gate.Dispose();
    }

    /// <summary>A random name of this data folder on this host; a folder copied elsewhere keeps it, so the machine's own id is part of it.</summary>
    private string ReadOrMakeHostId()
    {
        _folders.CreateRoot();
        if (!File.Exists(_folders.HostIdFile))
            try
            {
                var fresh = $"{_folders.HostIdFile}.{Guid.NewGuid():N}";
                File.WriteAllText(fresh, $"{Environment.MachineName}-{Guid.NewGuid():N}");
                File.Move(fresh, _folders.HostIdFile, overwrite: false);
            }
            catch (IOException) when (File.Exists(_folders.HostIdFile))
            {
                // Another process of this host was first.
            }
        return File.ReadAllText(_folders.HostIdFile).Trim();
    }

    /// <summary>One at a time per allocation, among the threads of this process and among the portal's processes on this host; a process that dies lets go.</summary>
    private async Task<IDisposable> ClaimAsync(Guid allocationId, CancellationToken cancellationToken)
    {
        var number = (uint)allocationId.GetHashCode() % _gates.Length;
        await _gates[number].WaitAsync(cancellationToken);
        try
        {
            _folders.CreateRoot();
            while (true)
            {
                if (_folders.TryLock(number) is { } file)
                    return new Claim(_gates[number], file);
                await Task.Delay(TimeSpan.FromMilliseconds(20), _clock, cancellationToken);
            }
        }
        catch
        {
            _gates[number].Release();
            throw;
        }
    }

    private sealed class Claim(SemaphoreSlim gate, FileStream file) : IDisposable
    {
        public void Dispose()
        {
            file.Dispose();
            gate.Release();
        }
    }

    /// <summary>Lets nothing but <see cref="ComputeTargetException"/> and cancellation out.</summary>
    private async Task<T> GuardAsync<T>(string what, Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (Exception e) when (e is not (ComputeTargetException or OperationCanceledException))
        {
            if (IsDiskFull(e))
                throw DiskFull(e);
            Log.Failed(_logger, what, e);
            throw new ComputeTargetException(FailureClass.Crashed, $"The host failed to {what}: {e.Message}", e);
        }
    }

    private static bool IsDiskFull(Exception e) => e is IOException { HResult: NativeCalls.NoSpaceLeft or NativeCalls.QuotaExceeded };

    private ComputeTargetException DiskFull(Exception? inner = null) => new(
        FailureClass.NoCapacity,
        $"The disk under {_folders.Data} is full: {HostCapacity.FreeMib(_folders.Data)} MiB free, {_options.MinimumFreeDiskMib} MiB needed. Remove workloads or files there, or enlarge the disk.",
        inner);

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "Allocation {AllocationId} of workload {WorkloadId} started under supervisor {Pid}.")]
        public static partial void Started(ILogger logger, Guid allocationId, Guid workloadId, int pid);

        [LoggerMessage(LogLevel.Information, "Allocation {AllocationId} was asked to stop within {GraceSeconds} s.")]
        public static partial void StopAsked(ILogger logger, Guid allocationId, double graceSeconds);

        [LoggerMessage(LogLevel.Warning, "Allocation {AllocationId} is lost: its supervisor is gone without an exit code.")]
        public static partial void Lost(ILogger logger, Guid allocationId);

        [LoggerMessage(LogLevel.Warning, "The port {Port} of allocation {AllocationId} is held by another program.")]
        public static partial void PortClash(ILogger logger, int port, Guid allocationId);

        [LoggerMessage(LogLevel.Error, "The local target failed to {What}.")]
        public static partial void Failed(ILogger logger, string what, Exception exception);
    }
}
