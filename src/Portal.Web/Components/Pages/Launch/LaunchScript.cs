using Microsoft.JSInterop;

namespace Portal.Web.Components.Pages.Launch;

/// <summary>The launch page's browser module.</summary>
internal sealed class LaunchScript(IJSRuntime js) : BrowserModule(js, Module)
{
    /// <summary>Address of the module.</summary>
    public const string Module = "./Components/Pages/Launch/LaunchPage.razor.js";
}
