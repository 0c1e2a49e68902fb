using Microsoft.Extensions.Logging.Console;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;
using Portal.Application.Telemetry;
using Portal.Web.Apps;

namespace Portal.Web.Hosting;

/// <summary>
/// Metrics for Prometheus at <c>/metrics</c>. With OpenTelemetry's own variable <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> set, metrics, traces and logs also go to a collector; nothing leaves the process otherwise.
/// </summary>
internal static class Telemetry
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static IServiceCollection AddPortalTelemetry(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddSingleton<ProxyBytes>();
        // Whoever asks for JSON lines wants to find all lines of a workload in them.
        services.PostConfigure<JsonConsoleFormatterOptions>(json => json.IncludeScopes = true);
        var telemetry = services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("portal", serviceVersion: typeof(Telemetry).Assembly.GetName().Version?.ToString(3)))
            .WithMetrics(metrics => metrics
                .AddMeter(PortalMeters.Name, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.AspNetCore.RateLimiting", "Microsoft.AspNetCore.Components.Server.Circuits", "System.Runtime", "Npgsql")
                .AddPrometheusExporter(prometheus => prometheus.ScopeInfoEnabled = false))
            .WithTracing(tracing => tracing.AddSource(PortalMeters.Name, "Npgsql")
                .AddAspNetCoreInstrumentation(web => web.Filter = context => !context.Request.Path.StartsWithSegments("/healthz") && !context.Request.Path.StartsWithSegments("/readyz") && !context.Request.Path.StartsWithSegments("/metrics"))
                .AddHttpClientInstrumentation());
        if (!string.IsNullOrEmpty(configuration[Endpoint])) telemetry.WithLogging(null, logs => logs.IncludeScopes = true).UseOtlpExporter();
        return services;
    }

    public static void MapTelemetry(this WebApplication app)
    {
        app.Services.GetRequiredService<ProxyBytes>().Listen();
        app.MapScrape();
    }
}
