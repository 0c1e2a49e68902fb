using Microsoft.JSInterop;

namespace Portal.Web.Components;

/// <summary>The browser module of the whole portal, <c>wwwroot/js/portal.js</c>.</summary>
public sealed class PortalScript(IJSRuntime js) : BrowserModule(js, "./js/portal.js");
