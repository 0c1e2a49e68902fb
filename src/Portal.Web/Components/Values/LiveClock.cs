namespace Portal.Web.Components.Values;

/// <summary>
/// One tick a second for everything on a circuit that shows a passing time, instead of a timer for each. It runs only while somebody listens.
/// Ticks come on a pool thread: listeners hand over with <c>InvokeAsync</c>.
/// </summary>
public sealed class LiveClock(TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Action> _listeners = [];
    private ITimer? _timer;

    /// <summary>The instant, by the portal's clock.</summary>
    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Calls <paramref name="tick"/> every second until the answer is disposed.</summary>
    public IDisposable Listen(Action tick)
    {
        lock (_gate)
        {
            _listeners.Add(tick);
            _timer ??= time.CreateTimer(_ => Tick(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));
        }
        return new Listener(this, tick);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _listeners.Clear();
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void Tick()
    {
        Action[] listeners;
        lock (_gate) listeners = [.. _listeners];
        foreach (var listener in listeners) listener();
    }

    private void Remove(Action tick)
    {
        lock (_gate)
        {
            _listeners.Remove(tick);
            if (_listeners.Count > 0) return;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private sealed class Listener(LiveClock clock, Action tick) : IDisposable
    {
        public void Dispose() => clock.Remove(tick);
    }
}
