using System.Collections.Concurrent;
using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using Portal.Application.Hosting;

namespace Portal.Testing.Hosting;

/// <summary>Hangfire's client without Hangfire: keeps what was enqueued, in order, until a test runs it.</summary>
public sealed class PumpedJobs : IBackgroundJobClient, IReconcileBacklog
{
    private readonly ConcurrentQueue<Guid> _waiting = new();
    private int _created;

    /// <summary>Every job ever enqueued.</summary>
    public ConcurrentQueue<Job> All { get; } = new();

    /// <summary>When true, enqueuing fails as it does while the job store is out of reach.</summary>
    public bool Unreachable { get; set; }

    /// <inheritdoc/>
    public long Waiting => _waiting.Count;

    /// <inheritdoc/>
    public string Create(Job job, IState state)
    {
        if (Unreachable) throw new BackgroundJobClientException("The job store is out of reach.", new TimeoutException());
        All.Enqueue(job);
        _waiting.Enqueue((Guid)job.Args[0]);
        return Interlocked.Increment(ref _created).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <inheritdoc/>
    public bool ChangeState(string jobId, IState state, string expectedState) => true;

    /// <summary>Takes the next workload to reconcile.</summary>
    public bool TryTake(out Guid workloadId) => _waiting.TryDequeue(out workloadId);

    /// <summary>Forgets what waits, as a lost job store would.</summary>
    public void Lose() => _waiting.Clear();
}
