using System.Diagnostics.Tracing;
using Portal.Application.Telemetry;

namespace Portal.Web.Apps;

/// <summary>Counts the bytes that the forwarder passes on: it tells of them as events, bodies and WebSockets alike, so no stream has to be wrapped.</summary>
internal sealed class ProxyBytes(PortalMeters meters) : EventListener
{
    private const string Source = "Yarp.ReverseProxy", Event = "ContentTransferred";

    /// <summary>Listens from now on. The constructor of the base class asks about sources before the fields are there.</summary>
    public void Listen()
    {
        foreach (var source in EventSource.GetSources().Where(s => s.Name == Source)) EnableEvents(source, EventLevel.Informational);
        EventSourceCreated += (_, created) =>
        {
            if (created.EventSource?.Name == Source) EnableEvents(created.EventSource, EventLevel.Informational);
        };
    }

    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName != Event || eventData is not { PayloadNames: { } names, Payload: { } values }) return;
        if (values[names.IndexOf("contentLength")] is long length && values[names.IndexOf("isRequest")] is bool toProgram) meters.Passed(length, toProgram);
    }
}
