namespace Portal.Testing.Kubernetes.Programs;

/// <summary>What a container has printed, bounded as a node bounds it.</summary>
internal sealed class ContainerLog
{
    private const long Limit = 10 << 20;

    private readonly Lock _gate = new();
    private readonly LinkedList<LogEntry> _lines = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _size;
    private long _next;

    public bool IsEnded { get; private set; }

    public void Add(byte[] line)
    {
        lock (_gate)
        {
            _lines.AddLast(new LogEntry(_next++, TimeProvider.System.GetUtcNow(), line));
            _size += line.Length + 1;
            while (_size > Limit && _lines.First is { } oldest)
            {
                _size -= oldest.Value.Text.Length + 1;
                _lines.RemoveFirst();
            }
            Wake();
        }
    }

    public void End()
    {
        lock (_gate)
        {
            IsEnded = true;
            Wake();
        }
    }

    /// <summary>Lines from a number on, whether it is over, and what to wait for when there are none.</summary>
    public (IReadOnlyList<LogEntry> Lines, bool IsEnded, Task Changed) From(long number)
    {
        lock (_gate)
        {
            var lines = new List<LogEntry>();
            for (var node = _lines.Last; node is not null && node.Value.Number >= number; node = node.Previous)
                lines.Add(node.Value);
            lines.Reverse();
            return (lines, IsEnded, _changed.Task);
        }
    }

    private void Wake()
    {
        var woken = _changed;
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        woken.TrySetResult();
    }
}

/// <summary>One printed line without its end.</summary>
internal sealed record LogEntry(long Number, DateTimeOffset At, byte[] Text);
