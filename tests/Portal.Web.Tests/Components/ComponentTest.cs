using AngleSharp.Dom;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Portal.Web.Components;
using Portal.Web.Components.Values;

namespace Portal.Web.Tests.Components;

/// <summary>A component test: the kit's services, a clock that stands still at Tuesday 24 November 2026, 14:32 in Berlin, and a browser that answers nothing.</summary>
public abstract class ComponentTest : BunitContext
{
    protected ComponentTest()
    {
        JSInterop.Mode = JSRuntimeMode.Loose;
        Services.AddSingleton<TimeProvider>(Time);
        Services.AddPortalComponents();
        Services.GetRequiredService<BrowserTimeZone>().Set("Europe/Berlin", 60);
    }

    /// <summary>13:32 UTC.</summary>
    protected static DateTimeOffset Now { get; } = new(2026, 11, 24, 13, 32, 0, TimeSpan.Zero);

    protected FakeTimeProvider Time { get; } = new(Now);

    /// <summary>The words of an element and all within it, set apart as boxes on the screen are.</summary>
    protected static string Words(INode node)
        => node.NodeType == NodeType.Text ? Read(node.TextContent) : Read(string.Join(' ', node.ChildNodes.Where(n => n.NodeType is NodeType.Text or NodeType.Element).Select(Words)));

    /// <summary>Text as read: runs of white space count as one, and so does the space that does not break.</summary>
    protected static string Read(string text) => string.Join(' ', text.Replace('\u00A0', ' ').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
