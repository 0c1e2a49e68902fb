using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Routing;
using Microsoft.JSInterop;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Layout;

public partial class MainLayout : IAsyncDisposable
{
    private DotNetObjectReference<MainLayout>? _self;
    private BrowserSubscription? _themeWatch;
    private BrowserFacts? _browser;
    private PageErrorBoundary? _boundary;
    private ElementReference _main;
    private bool _dark;
    private bool _railOpen;

    /// <summary>Person, teams and health; the frame stands without them while they are loaded.</summary>
    [CascadingParameter] public ShellModel? Shell { get; set; }

    [Inject] private PortalScript Script { get; set; } = null!;

    [Inject] private BrowserTimeZone TimeZone { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    protected override void OnInitialized() => Navigation.LocationChanged += Navigated;

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        _browser = await Script.InvokeAsync<BrowserFacts>("browser") ?? new BrowserFacts(false, null, 0);
        _dark = _browser.Dark;
        TimeZone.Set(_browser.TimeZone, _browser.OffsetMinutes);
        StateHasChanged();
        _self = DotNetObjectReference.Create(this);
        _themeWatch = await Script.StartAsync("watchTheme", _self);
    }

    /// <summary>Called by the browser when the system or another tab changed the theme.</summary>
    [JSInvokable]
    public Task ThemeChanged(bool dark) => InvokeAsync(() =>
    {
        _dark = dark;
        StateHasChanged();
    });

    public async ValueTask DisposeAsync()
    {
        Navigation.LocationChanged -= Navigated;
        if (_themeWatch is not null) await _themeWatch.DisposeAsync();
        _self?.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task ChooseThemeAsync(string theme) => await Script.InvokeAsync<object>("chooseTheme", theme);

    private async Task SkipAsync() => await _main.FocusAsync();

    private void Navigated(object? sender, LocationChangedEventArgs e) => _ = InvokeAsync(() =>
    {
        _railOpen = false;
        // A page that failed must not keep the next one from showing.
        _boundary?.Recover();
        StateHasChanged();
    });
}

/// <summary>What the browser says of itself (<c>browser()</c> in portal.js).</summary>
internal sealed record BrowserFacts(bool Dark, string? TimeZone, int OffsetMinutes);
