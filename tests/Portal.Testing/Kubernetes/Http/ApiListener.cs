using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Portal.Testing.Kubernetes.Nodes;
using Yarp.ReverseProxy.Forwarder;

namespace Portal.Testing.Kubernetes.Http;

/// <summary>The API server's socket, up until it is disposed.</summary>
internal sealed class ApiListener : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServiceProxy _proxy;

    private ApiListener(WebApplication app, ServiceProxy proxy)
    {
        _app = app;
        _proxy = proxy;
    }

    public int Port { get; private set; }

    /// <param name="port">0 takes a free one.</param>
    public static async Task<ApiListener> StartAsync(ClusterCore core, ClusterFaults faults, RequestLog log, NodeAgent agent, X509Certificate2 certificate, int port)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddHttpForwarder();
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = TimeSpan.Zero);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Limits.Http2.MaxStreamsPerConnection = 250;
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.UseHttps(certificate));
        });
        var app = builder.Build();
        var proxy = new ServiceProxy(core, agent, app.Services.GetRequiredService<IHttpForwarder>());
        var endpoint = new ApiEndpoint(core, faults, log, new PodStreams(core, agent, faults), proxy);
        app.UseWebSockets();
        app.Run(endpoint.AnswerAsync);
        await app.StartAsync();
        var listener = new ApiListener(app, proxy);
        listener.Port = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()).Port;
        return listener;
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _proxy.Dispose();
    }
}
