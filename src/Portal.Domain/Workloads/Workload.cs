using Portal.Domain.Compute;

namespace Portal.Domain.Workloads;

/// <summary>
/// One running (or once running) thing launched from an item version, owned by a person, charged to a team. This row is the only truth:
/// <see cref="Desired"/> is written by people's use cases, <see cref="Phase"/> by the reconciler holding the lease.
/// </summary>
public sealed class Workload
{
    public required Guid Id { get; init; }
    /// <summary>Minted when the launch form opens; unique per owner, so that a double click launches once.</summary>
    public required Guid RequestId { get; init; }
    /// <summary>1–40 of a–z, 0–9 and -; unique within the team among workloads not deleted.</summary>
    public required string Name { get; set; }
    public required WorkloadKind Kind { get; init; }
    public required Guid ItemVersionId { get; init; }
    public required Guid TeamId { get; init; }
    /// <summary>Changed only by an accepted transfer.</summary>
    public required Guid OwnerId { get; set; }
    /// <summary>Name of the compute target.</summary>
    public required string Target { get; set; }
    public required CapacityType Capacity { get; set; }
    /// <summary>Slug of the hardware profile; its figures at launch are in <see cref="HardwareJson"/>.</summary>
    public required string Hardware { get; set; }
    /// <summary>Snapshot of the profile (<c>HardwareProfileSpec</c>) as JSON.</summary>
    public required string HardwareJson { get; set; }
    /// <summary>Validated parameter values that are not secret, as a JSON object.</summary>
    public required string ParametersJson { get; init; }
    /// <summary>Secret parameter values as an encrypted JSON object; null when there are none.</summary>
    public string? ProtectedSecrets { get; init; }
    /// <summary>Free labels as a JSON object of strings.</summary>
    public string TagsJson { get; set; } = "{}";
    /// <summary>Why the person launched it, in their words.</summary>
    public string? LaunchReason { get; init; }
    /// <summary>Who besides the owner may open it.</summary>
    public WorkloadAudience Audience { get; set; } = WorkloadAudience.Owner;

    /// <summary>When it was noticed that its owner is disabled or has left the team; null: they are there.</summary>
    public DateTimeOffset? OwnerGoneAt { get; set; }

    public DesiredState Desired { get; set; } = DesiredState.Running;
    public WorkloadPhase Phase { get; set; } = WorkloadPhase.Queued;
    /// <summary>Why it is in this phase, in words for people.</summary>
    public string? PhaseReason { get; set; }
    public DateTimeOffset PhaseSince { get; set; }
    /// <summary>Why the portal stopped it, in words for people; null when a person did.</summary>
    public string? StopReason { get; set; }
    /// <summary>Set with <see cref="WorkloadPhase.Failed"/>.</summary>
    public FailureClass? Failure { get; set; }
    public int? ExitCode { get; set; }
    /// <summary>The last log lines at the end, kept when the logs themselves are gone.</summary>
    public string? LogTail { get; set; }

    /// <summary>Attempts placed so far.</summary>
    public int Attempt { get; set; }
    /// <summary>Attempts that ended in an error; interruptions do not count.</summary>
    public int ErrorAttempts { get; set; }
    /// <summary>Attempts in a row that were interrupted, lost or found no room; drives the back-off.</summary>
    public int SetbacksInARow { get; set; }
    public bool RestartRequested { get; set; }
    /// <summary>Place in the queue; set anew each time it starts to wait by a person's wish, kept over recoveries.</summary>
    public DateTimeOffset QueuedAt { get; set; }
    /// <summary>Not tried before this instant (back-off).</summary>
    public DateTimeOffset? NotBefore { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }
    /// <summary>First start of the current run of attempts.</summary>
    public DateTimeOffset? StartedAt { get; set; }
    public DateTimeOffset? ReadyAt { get; set; }
    public DateTimeOffset? EndedAt { get; set; }
    /// <summary>How long it may run from each start on; null: no limit.</summary>
    public TimeSpan? Lifetime { get; set; }
    /// <summary>Stopped after so long without activity; null: the item's own rules hold.</summary>
    public TimeSpan? IdleTimeout { get; set; }
    /// <summary>When it was last in use since its last start, as far as its probe can tell; null: not since it became ready.</summary>
    public DateTimeOffset? ActivityAt { get; set; }
    /// <summary>What counted as that activity, in words for people.</summary>
    public string? ActivityWhat { get; set; }
    /// <summary>The announced stop for idleness; null while it is in use or far from it.</summary>
    public DateTimeOffset? IdleStopAt { get; set; }
    /// <summary>When activity was last asked for.</summary>
    public DateTimeOffset? ProbedAt { get; set; }
    /// <summary>Why activity could not be found out; null when it could. While it is set, nothing is stopped for idleness.</summary>
    public string? ProbeProblem { get; set; }
    /// <summary>Hard end; set when it is queued, moved by extend.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>The quote: price per hour at launch, in <see cref="Currency"/>.</summary>
    public required decimal HourlyPrice { get; set; }
    /// <summary>On-demand list price per hour at launch.</summary>
    public required decimal ListHourlyPrice { get; set; }
    public string Currency { get; init; } = "USD";

    /// <summary>True while it waits for room on its target: those queued later let it go first.</summary>
    public bool WaitsForCapacity { get; set; }

    public Guid? LeaseToken { get; set; }
    public DateTimeOffset? LeaseExpiresAt { get; set; }
    /// <summary>When the reconciler should look next; null: only when something changes.</summary>
    public DateTimeOffset? NextActionAt { get; set; }
    /// <summary>Grows with every wish of a person and every observed change; a reconciler that planned on an older number plans again.</summary>
    public long Generation { get; set; }
    /// <summary>Concurrency stamp for people's edits.</summary>
    public uint RowVersion { get; set; }

    /// <summary>Asks for a look as soon as possible.</summary>
    public void Wake(DateTimeOffset now)
    {
        Generation++;
        NextActionAt = now;
    }

    /// <summary>Enters a phase; a phase that is entered again keeps its instant.</summary>
    public void Enter(WorkloadPhase phase, string? reason, DateTimeOffset now)
    {
        if (Phase != phase) PhaseSince = now;
        Phase = phase;
        PhaseReason = reason;
    }

    /// <summary>Holds a resting or new workload until somebody has decided.</summary>
    public void AwaitApproval(string reason, DateTimeOffset now)
    {
        Desired = DesiredState.Running;
        Enter(WorkloadPhase.PendingApproval, reason, now);
        (QueuedAt, ExpiresAt, StopReason, RestartRequested) = (now, null, null, false);
        Wake(now);
    }

    /// <summary>The answer was no, or none came. What has never run is rejected; what has, rests with its folder and can be asked for again.</summary>
    public void Refuse(string reason, DateTimeOffset now)
    {
        Desired = DesiredState.Stopped;
        Enter(Attempt == 0 ? WorkloadPhase.Rejected : WorkloadPhase.Stopped, reason, now);
        EndedAt ??= now;
        Wake(now);
    }

    /// <summary>Puts a resting or new workload into the queue with a fresh lifetime.</summary>
    public void Enqueue(string reason, DateTimeOffset now)
    {
        Desired = DesiredState.Running;
        Enter(WorkloadPhase.Queued, reason, now);
        (QueuedAt, NotBefore, Failure, ExitCode, EndedAt, ReadyAt, StartedAt) = (now, null, null, null, null, null, null);
        (ErrorAttempts, SetbacksInARow, RestartRequested, StopReason) = (0, 0, false, null);
        ExpiresAt = now + Lifetime;
        ForgetActivity();
        Wake(now);
    }

    /// <summary>Activity counts from each start anew: what was idle before it was started again must not be stopped at once.</summary>
    public void ForgetActivity() => (ActivityAt, ActivityWhat, IdleStopAt, ProbedAt, ProbeProblem) = (null, null, null, null, null);
}

/// <summary>Who besides owner, team leads and named people may open a workload.</summary>
public enum WorkloadAudience { Owner, Team }
