using Markdig;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Portal.Web.Components.Pages.Items;

/// <summary>
/// Markdown to HTML that can be put into a page: raw HTML is shown as text, links go to http, https, mailto or places of the portal only, pictures become links
/// (nothing is loaded from elsewhere), and headings begin below the page's own.
/// </summary>
public static class SafeMarkdown
{
    private const int HighestHeading = 3;

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().DisableHtml().UsePipeTables().UseAutoLinks().Build();

    /// <summary>The HTML; empty for no text.</summary>
    public static string ToHtml(string? markdown)
    {
        if (string.IsNullOrWhiteSpace(markdown)) return "";
        var document = Markdown.Parse(markdown, Pipeline);
        foreach (var heading in document.Descendants<HeadingBlock>()) heading.Level = Math.Clamp(heading.Level, HighestHeading, 6);
        foreach (var link in document.Descendants<LinkInline>().ToList()) Tame(link);
        foreach (var link in document.Descendants<AutolinkInline>().ToList()) Tame(link);
        return document.ToHtml(Pipeline);
    }

    private static void Tame(LinkInline link)
    {
        var url = link.GetDynamicUrl?.Invoke() ?? link.Url;
        link.IsImage = false;
        link.GetDynamicUrl = null;
        link.Url = IsAllowed(url) ? url : "";
        Mark(link, link.Url);
    }

    private static void Tame(AutolinkInline link)
    {
        if (!link.IsEmail && !IsAllowed(link.Url)) link.ReplaceBy(new LiteralInline(link.Url));
        else Mark(link, link.IsEmail ? null : link.Url);
    }

    private static void Mark(Inline link, string? url)
    {
        link.GetAttributes().AddProperty("rel", "noopener noreferrer");
        // What leaves the portal opens beside it: a half-filled form is not lost.
        if (url?.StartsWith("http", StringComparison.OrdinalIgnoreCase) == true) link.GetAttributes().AddProperty("target", "_blank");
    }

    private static bool IsAllowed(string? url)
    {
        if (string.IsNullOrEmpty(url) || url.Any(char.IsControl)) return false;
        if (url[0] is '#' || (url[0] == '/' && (url.Length == 1 || url[1] is not ('/' or '\\')))) return true;
        return Uri.TryCreate(url, UriKind.Absolute, out var absolute) && (absolute.Scheme == Uri.UriSchemeHttp || absolute.Scheme == Uri.UriSchemeHttps || absolute.Scheme == Uri.UriSchemeMailto);
    }
}
