using System.Text;
using Portal.Application.Telemetry;
using Portal.Web.Api;
using Portal.Web.Api.OpenApi;

namespace Portal.Web.Hosting;

/// <summary><c>GET /metrics</c>: what the database knows for all processes, then what this process has measured.</summary>
internal static class Scrape
{
    public static void MapScrape(this WebApplication app)
    {
        var branch = ((IApplicationBuilder)app).New();
        branch.UseOpenTelemetryPrometheusScrapingEndpoint(_ => true);
        var exporter = branch.Build();
        app.MapGet("/metrics", async (HttpContext context, FigureText figures) =>
        {
            var text = await figures.ReadAsync(context.RequestAborted);
            // Both in the one format that lines can simply be put after each other in, and neither compressed.
            context.Request.Headers.Accept = "text/plain";
            context.Request.Headers.AcceptEncoding = default;
            var answer = context.Response.Body;
            using var measured = new MemoryStream();
            context.Response.Body = measured;
            try
            {
                await exporter(context);
            }
            finally
            {
                context.Response.Body = answer;
            }
            context.Response.ContentLength = null;
            await answer.WriteAsync(Encoding.UTF8.GetBytes(text), context.RequestAborted);
            await answer.WriteAsync(measured.GetBuffer().AsMemory(0, (int)measured.Length), context.RequestAborted);
        }).AllowAnonymous().Describes("getMetrics", ApiTags.Health, "Figures in Prometheus' text format", "Counts and times; no names of people, no money.").AnswersText(200, "portal_workloads{kind=\"Notebook\",phase=\"Running\"} 3\n", "text/plain");
    }
}
