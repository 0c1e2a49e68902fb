using Portal.Domain.Compute;

namespace Portal.Compute.Kubernetes.Watching;

/// <summary>Collects what watches tell until somebody takes it. Of one that nobody takes, little is kept: whoever comes later looks at everything.</summary>
internal sealed class ClusterNews(TimeProvider time)
{
    private const int MostAllocations = 50_000, MostNotes = 10_000;

    // Changes come in swarms (a pod goes through several phases in a second): what comes within this time is told together.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(25);

    private readonly Lock _gate = new();
    private HashSet<Guid> _changed = [];
    private List<TargetNote> _notes = [];
    private bool _all = true;
    private TaskCompletionSource _something = New();

    public void Of(Guid allocation) => Tell(() =>
    {
        if (_all) return;
        _changed.Add(allocation);
        if (_changed.Count > MostAllocations) _all = true;
    });

    /// <summary>Anything may have changed.</summary>
    public void All() => Tell(() => _all = true);

    public void Note(TargetNote note) => Tell(() =>
    {
        if (_notes.Count < MostNotes) _notes.Add(note);
    });

    /// <summary>Waits until there is something, or the time is over.</summary>
    public async Task<TargetChanges> TakeAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        Task something;
        lock (_gate) something = _something.Task;
        await Task.WhenAny(something, Task.Delay(atMost, time, cancellationToken));
        cancellationToken.ThrowIfCancellationRequested();
        if (something.IsCompleted) await Task.Delay(Gather, time, cancellationToken);
        lock (_gate)
        {
            var taken = new TargetChanges(_all ? null : _changed, _notes);
            (_changed, _notes, _all, _something) = ([], [], false, New());
            return taken;
        }
    }

    private void Tell(Action what)
    {
        lock (_gate)
        {
            what();
            _something.TrySetResult();
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
