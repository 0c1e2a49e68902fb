using System.Diagnostics;
using System.Net;

namespace Portal.Web.Api;

/// <summary>What a browser shows when a page could not be made at all: words, a trace id, a way on. Needs no database and no circuit.</summary>
internal static class ErrorPage
{
    public static async Task WriteAsync(HttpContext context, int status, string title, string detail)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        // What is not there will not be there a second later.
        var again = status >= 500 ? """<a href="">Try again</a> """ : "";
        var trace = Activity.Current?.TraceId.ToHexString() ?? "";
        await context.Response.WriteAsync($"""
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{Text(title)} · Portal</title><link rel="icon" href="/favicon.svg"><link rel="stylesheet" href="/css/error.css"></head>
            <body><main><h1>{Text(title)}</h1><p>{Text(detail)}</p><p class="trace">Trace {Text(trace)}</p><p>{again}<a href="/">Home</a></p></main></body>
            </html>
            """);
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
