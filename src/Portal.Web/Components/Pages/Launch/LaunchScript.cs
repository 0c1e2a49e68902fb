using Microsoft.JSInterop;

namespace Portal.Web.Components.Pages.Launch;

/// <summary>The launch page's browser module. A lost circuit is not an error: the calls then answer their default.</summary>
internal sealed class LaunchScript(IJSRuntime js) : IAsyncDisposable
{
    /// <summary>Address of the module.</summary>
    public const string Module = "./Components/Pages/Launch/LaunchPage.razor.js";

    private Task<IJSObjectReference>? _module;

    /// <summary>Calls an exported function.</summary>
    public async ValueTask<T?> InvokeAsync<T>(string function, params object?[] arguments)
    {
        try
        {
            var module = await (_module ??= js.InvokeAsync<IJSObjectReference>("import", Module).AsTask());
            return module is null ? default : await module.InvokeAsync<T>(function, arguments);
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException or ObjectDisposedException)
        {
            return default;
        }
    }

    /// <summary>Starts something that lasts until it is disposed.</summary>
    public async ValueTask<BrowserSubscription?> StartAsync(string function, params object?[] arguments) =>
        await InvokeAsync<IJSObjectReference>(function, arguments) is { } handle ? new BrowserSubscription(handle) : null;

    /// <summary>Ends what was started. A circuit that is gone has ended it already.</summary>
    public static async ValueTask StopAsync(BrowserSubscription? subscription)
    {
        try
        {
            if (subscription is not null) await subscription.DisposeAsync();
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException or ObjectDisposedException)
        {
            // Nothing left to end.
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (_module is { IsCompletedSuccessfully: true, Result: { } module }) await module.DisposeAsync();
        }
        catch (Exception e) when (e is JSDisconnectedException or OperationCanceledException or ObjectDisposedException)
        {
            // The circuit went first.
        }
    }
}
