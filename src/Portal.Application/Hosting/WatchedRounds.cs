using System.Diagnostics;
using Portal.Application.Compute;
using Portal.Domain.Compute;

namespace Portal.Application.Hosting;

/// <summary>What has changed is looked at at once, everything from time to time: for samples, for logs, for what nobody owns, and in case that something was not heard.</summary>
internal sealed class WatchedRounds(IWatchedTarget target, ObserveTarget observe, WatchActivity watch, TimeSpan observeEvery)
{
    // A look at everything may take a twentieth of the time.
    private const int Share = 20;

    private readonly Stopwatch _sinceAll = new();
    private TimeSpan _allEvery;

    public async Task NextAsync(CancellationToken cancellationToken)
    {
        var changes = await target.ChangesAsync(observeEvery, cancellationToken);
        var everything = changes.Allocations is null || !_sinceAll.IsRunning || _sinceAll.Elapsed >= _allEvery;
        try
        {
            if (!everything && changes.Allocations!.Count > 0) await observe.LookAgainAsync(target, changes.Allocations, cancellationToken);
            await observe.NoteAsync(target, changes.Notes, cancellationToken);
        }
        catch
        {
            // What was heard is told once: what was not written down is found by looking at everything.
            _sinceAll.Reset();
            throw;
        }
        if (!everything) return;
        // Until it has gone well it is due again.
        _sinceAll.Reset();
        var begun = Stopwatch.GetTimestamp();
        await observe.ExecuteAsync(target, cancellationToken);
        await watch.ExecuteAsync(target, cancellationToken);
        _sinceAll.Restart();
        _allEvery = TimeSpan.FromTicks(Math.Max(Stopwatch.GetElapsedTime(begun).Ticks * Share, observeEvery.Ticks));
    }
}
