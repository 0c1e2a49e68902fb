using Microsoft.AspNetCore.Components;
using Portal.Application.Workloads;

namespace Portal.Web.Components.Workloads;

/// <summary>
/// Keeps a page true without reloading: calls back when workloads it shows have changed, at most twice a second, and once a minute in any case.
/// </summary>
public sealed class LiveReload : ComponentBase, IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Revalidate = TimeSpan.FromSeconds(60);

    private readonly PageLife _gone = new();
    private readonly SemaphoreSlim _changed = new(0, 1);
    private IDisposable? _subscription;

    /// <summary>Which changes matter; null: every one of workloads.</summary>
    [Parameter] public Func<WorkloadChange, bool>? Concerns { get; set; }

    /// <summary>Called on the circuit's own thread; must not throw.</summary>
    [Parameter, EditorRequired] public Func<Task> OnChange { get; set; } = null!;

    [Inject] private WorkloadChangeFeed Feed { get; set; } = null!;

    [Inject] private TimeProvider Time { get; set; } = null!;

    protected override void OnAfterRender(bool firstRender)
    {
        if (!firstRender) return;
        _subscription = Feed.Subscribe(Changed);
        _ = WatchAsync();
    }

    public void Dispose()
    {
        _subscription?.Dispose();
        _gone.Dispose();
    }

    private Task Changed(WorkloadChange change)
    {
        if ((Concerns?.Invoke(change) ?? !change.OfPeople) && _changed.CurrentCount == 0)
        {
            try
            {
                _changed.Release();
            }
            catch (SemaphoreFullException)
            {
                // Another change came at the same moment; one reload serves both.
            }
        }
        return Task.CompletedTask;
    }

    private async Task WatchAsync()
    {
        var token = _gone.Token;
        try
        {
            while (!token.IsCancellationRequested)
            {
                await _changed.WaitAsync(Revalidate, token);
                await InvokeAsync(OnChange);
                await Task.Delay(Pause, Time, token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException)
        {
            // The page is gone.
        }
    }
}
