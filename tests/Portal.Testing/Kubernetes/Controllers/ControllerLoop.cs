using System.Threading.Channels;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Runs all controllers, one object at a time, as soon as something changes.</summary>
internal sealed class ControllerLoop : IAsyncDisposable
{
    private readonly Channel<(Controller Controller, ObjectKey Key)> _work = Channel.CreateUnbounded<(Controller, ObjectKey)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly HashSet<(Controller, ObjectKey)> _queued = [];
    private readonly Dictionary<(Controller, ObjectKey), int> _failures = [];
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly ObjectStore _store;
    private readonly IReadOnlyList<Controller> _controllers;
    private readonly Task _run;

    public ControllerLoop(ObjectStore store, IReadOnlyList<Controller> controllers)
    {
        _store = store;
        _controllers = controllers;
        store.Changed += Follow;
        _run = Task.Run(RunAsync);
    }

    /// <summary>What a controller threw that it should not have; empty when all is well.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<Exception> Surprises { get; } = new();

    public async ValueTask DisposeAsync()
    {
        _store.Changed -= Follow;
        await _stop.CancelAsync();
        _work.Writer.TryComplete();
        await _run.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void Follow(StoredChange change)
    {
        foreach (var controller in _controllers)
        {
            foreach (var key in controller.Concerns(change))
                Enqueue(controller, key);
        }
    }

    private void Enqueue(Controller controller, ObjectKey key)
    {
        lock (_gate)
        {
            if (!_queued.Add((controller, key)))
                return;
        }
        _work.Writer.TryWrite((controller, key));
    }

    private async Task RunAsync()
    {
        await foreach (var (controller, key) in _work.Reader.ReadAllAsync(_stop.Token))
        {
            lock (_gate)
                _queued.Remove((controller, key));
            try
            {
                if (controller.Reconcile(key) is { } again)
                    _ = LaterAsync(controller, key, again);
                _failures.Remove((controller, key));
            }
            catch (ApiException refusal)
            {
                Retry(controller, key, refusal);
            }
            catch (Exception problem) when (problem is not OutOfMemoryException)
            {
                Surprises.Enqueue(problem);
            }
        }
    }

    /// <summary>Again at once after a conflict, after a growing while when something is refused.</summary>
    private void Retry(Controller controller, ObjectKey key, ApiException refusal)
    {
        var failures = _failures[(controller, key)] = _failures.GetValueOrDefault((controller, key)) + 1;
        var wait = refusal.Code is 404 or 409 ? 5 : Math.Min(5000, 50 * Math.Pow(2, Math.Min(failures, 10)));
        _ = LaterAsync(controller, key, TimeSpan.FromMilliseconds(wait));
    }

    private async Task LaterAsync(Controller controller, ObjectKey key, TimeSpan wait)
    {
        await Task.Delay(wait < TimeSpan.Zero ? TimeSpan.Zero : wait, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!_stop.IsCancellationRequested)
            Enqueue(controller, key);
    }
}
