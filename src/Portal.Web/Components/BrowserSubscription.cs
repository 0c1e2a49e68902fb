using Microsoft.JSInterop;

namespace Portal.Web.Components;

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
        catch (Exception e) when (BrowserModule.IsGone(e))
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
        catch (Exception e) when (BrowserModule.IsGone(e))
        {
            // The circuit went first.
        }
    }
}
