using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;

namespace Portal.Web.Components.Charts;

/// <summary>A chart that the browser tells how wide it is.</summary>
public abstract class MeasuredChart : ComponentBase, IAsyncDisposable
{
    private DotNetObjectReference<MeasuredChart>? _self;
    private BrowserSubscription? _browser;

    /// <summary>The element that is measured; set by the markup.</summary>
    protected ElementReference Figure { get; set; }

    /// <summary>px; a usual width until the browser has said its own.</summary>
    protected int Width { get; private set; } = 640;

    [Inject] private PortalScript Script { get; set; } = null!;

    protected override void OnParametersSet() => Lay();

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        _self = DotNetObjectReference.Create(this);
        _browser = await Script.StartAsync("chart", Figure, _self);
    }

    /// <summary>Called by the browser when there is more or less room.</summary>
    [JSInvokable]
    public Task WidthChanged(int width) => InvokeAsync(() =>
    {
        Width = Math.Clamp(width, 160, 4000);
        Lay();
        StateHasChanged();
    });

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _self?.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Works out the drawing for the parameters and <see cref="Width"/>.</summary>
    protected abstract void Lay();
}
