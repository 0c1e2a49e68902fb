using Microsoft.JSInterop;

namespace Portal.Web.Components;

/// <summary>
/// A browser module, loaded once a circuit. A browser that went away is not an error here: the calls then answer their default, because the page they were for is gone.
/// </summary>
/// <param name="path">Of the module, relative to the site: <c>./js/portal.js</c>.</param>
public abstract class BrowserModule(IJSRuntime js, string path) : IAsyncDisposable
{
    private Task<IJSObjectReference>? _module;

    /// <summary>Calls an exported function; default when the browser is gone.</summary>
    public async ValueTask<T?> InvokeAsync<T>(string function, params object?[] arguments)
    {
        try
        {
            var module = await (_module ??= js.InvokeAsync<IJSObjectReference>("import", path).AsTask());
            return module is null ? default : await module.InvokeAsync<T>(function, arguments);
        }
        catch (Exception e) when (IsGone(e))
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
        catch (Exception e) when (IsGone(e))
        {
            // The circuit went first; the browser has already forgotten the module.
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>How a browser that went away shows itself to a call that was under way or comes too late.</summary>
    internal static bool IsGone(Exception exception) => exception is JSDisconnectedException or OperationCanceledException or ObjectDisposedException;
}
