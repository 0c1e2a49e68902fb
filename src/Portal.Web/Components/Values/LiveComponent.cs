using Microsoft.AspNetCore.Components;

namespace Portal.Web.Components.Values;

/// <summary>A component whose text depends on the passing time. It renders again only when that text changes.</summary>
public abstract class LiveComponent : ComponentBase, IDisposable
{
    private IDisposable? _listener;
    private string? _shown;

    [Inject] protected LiveClock Clock { get; private set; } = null!;

    /// <summary>The text that the time changes; null when nothing passes.</summary>
    protected abstract string? LiveText();

    protected override void OnParametersSet()
    {
        _shown = LiveText();
        if (_shown is null)
        {
            _listener?.Dispose();
            _listener = null;
        }
        else
        {
            _listener ??= Clock.Listen(Tick);
        }
    }

    public void Dispose()
    {
        _listener?.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Tick()
    {
        if (LiveText() == _shown) return;
        _ = InvokeAsync(() =>
        {
            _shown = LiveText();
            StateHasChanged();
        });
    }
}
