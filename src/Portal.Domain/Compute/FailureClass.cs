namespace Portal.Domain.Compute;

/// <summary>Why an attempt did not go on. The class decides whether and how it is tried again; the message is for people.</summary>
public enum FailureClass
{
    /// <summary>The target has no room now: the next offer is tried, then the workload waits.</summary>
    NoCapacity,
    QuotaExceeded,
    /// <summary>The provider asked to slow down: retried with back-off and jitter.</summary>
    Throttled,
    Unauthorized,
    /// <summary>The request itself is wrong: never retried; the message names the field.</summary>
    Invalid,
    /// <summary>The provider took the resource back.</summary>
    Interrupted,
    /// <summary>The resource is gone and nobody knows why.</summary>
    Lost,
    /// <summary>The program ended by itself with an exit code other than 0, or ended when it should not.</summary>
    Crashed,
    OutOfMemory,
    ImagePull,
    NotReadyInTime,
}

/// <summary>The only exception that leaves a compute target; the message is shown to people and holds no secret.</summary>
public sealed class ComputeTargetException : Exception
{
    public ComputeTargetException(FailureClass failure, string message, Exception? inner = null)
        : base(message, inner) => Failure = failure;

    public FailureClass Failure { get; }
}
