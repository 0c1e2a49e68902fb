using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;
using Portal.Web.Components.Progress;

namespace Portal.Web.Components.Pages.Workloads;

/// <summary>Reads a log's tail and then what is appended, keeping a bounded number of lines.</summary>
internal sealed class LogFollower(WorkloadFiles files, Guid workloadId, int keep)
{
    private readonly List<LogEntry> _lines = [];
    private long _cursor;
    private int? _attempt;

    public IReadOnlyList<LogEntry> Lines => _lines;

    public bool Truncated { get; private set; }

    /// <summary>Reads anew from the tail of an attempt (null: the newest).</summary>
    public async Task LoadAsync(int? attempt, Actor actor, CancellationToken cancellationToken)
    {
        _attempt = attempt;
        _lines.Clear();
        if (await files.LogTailAsync(workloadId, keep, attempt, actor, cancellationToken) is not { } tail) return;
        (_cursor, Truncated) = (tail.NextCursor, tail.Truncated);
        Append(tail);
    }

    /// <summary>Reads what is new; true when there was something.</summary>
    public async Task<bool> MoreAsync(Actor actor, CancellationToken cancellationToken)
    {
        if (await files.LogFromAsync(workloadId, _cursor, _attempt, actor, cancellationToken) is not { Lines.Count: > 0 } slice) return false;
        _cursor = slice.NextCursor;
        Append(slice);
        return true;
    }

    private void Append(LogSlice slice)
    {
        _lines.AddRange(slice.Lines.Select(l => new LogEntry(l.At, l.Source, l.Text)));
        if (_lines.Count <= keep) return;
        _lines.RemoveRange(0, _lines.Count - keep);
        Truncated = true;
    }

    /// <summary>True while more may come.</summary>
    public static bool MayGrow(WorkloadPhase phase) => phase.IsActive();
}
