using Xunit;

namespace Portal.EndToEnd.Tests.Fixtures;

/// <summary>A portal and a browser for all tests of a class.</summary>
public sealed class PortalAndBrowser : IAsyncLifetime
{
    public PortalProcess Portal { get; private set; } = null!;

    public Chromium Chromium { get; private set; } = null!;

    // Use is looked at every second, so that tests of idleness need not wait.
    public async ValueTask InitializeAsync() =>
        (Portal, Chromium) = (await PortalProcess.StartAsync(new Dictionary<string, string> { ["Reconcile__ProbeEvery"] = "00:00:01" }), await Fixtures.Chromium.StartAsync());

    public async ValueTask DisposeAsync()
    {
        await Chromium.DisposeAsync();
        await Portal.DisposeAsync();
    }
}
