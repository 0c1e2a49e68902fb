using Microsoft.JSInterop;

namespace Portal.Web.Components;

/// <summary>
/// The browser module <c>wwwroot/js/portal.js</c>, loaded once a circuit. A lost circuit is not an error here: the calls then answer their default,
/// because the page they were for is gone.
/// </summary>
public sealed class PortalScript(IJSRuntime js) : IAsyncDisposable
{
    private Task<IJSObjectReference>? _module;

    /// <summary>Calls an exported function; default when the browser is gone.</summary>
    public async ValueTask<T?> InvokeAsync<T>(string function, params object?[] arguments)
    {
        try
        {
            var module = await (_module ??= js.InvokeAsync<IJSObjectReference>("import", "./js/portal.js").AsTask());
            return module is null ? default : await module.InvokeAsync<T>(function, arguments);
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException or ObjectDisposedException)
        {
            return default;
        }
    }

    /// <summary>Starts something in the browser that lasts until it is disposed (its <c>stop</c> function is called).</summary>
    public async ValueTask<BrowserSubscription?> StartAsync(string function, params object?[] arguments)
        => await InvokeAsync<IJSObjectReference>(function, arguments) is { } handle ? new BrowserSubscription(handle) : null;

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_module is { IsCompletedSuccessfully: true, Result: { } module }) await module.DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // The circuit went first; the browser has already forgotten the module.
        }
    }
}

/// <summary>Something running in the browser on behalf of a component.</summary>
public sealed class BrowserSubscription(IJSObjectReference handle) : IAsyncDisposable
{
    /// <summary>Calls a function of the running thing.</summary>
    public async ValueTask InvokeAsync(string function, params object?[] arguments)
    {
        try
        {
            await handle.InvokeVoidAsync(function, arguments);
        }
        catch (JSDisconnectedException)
        {
            // Nothing left to tell.
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await handle.InvokeVoidAsync("stop");
            await handle.DisposeAsync();
        }
        catch (JSDisconnectedException)
        {
            // The circuit went first.
        }
    }
}
