using AwesomeAssertions;
using k8s;
using Portal.Application;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Data;
using Xunit;

namespace Portal.EndToEnd.Tests.Crashes;

/// <summary>The portal dies around its calls to a cluster: afterwards there is one pod, or none, nothing is billed twice, and nothing is left.</summary>
public sealed class ClusterCrashTests(PortalAndCluster fixture) : IClassFixture<PortalAndCluster>
{
    private const string Sleeper = "import time, signal, sys\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit(0))\nprint('up', flush=True)\ntime.sleep(3600)\n";

    private readonly PortalProcess _portal = fixture.Portal;

    [Theory]
    [InlineData(FaultPoints.StartAllocationCommitted)]
    [InlineData(FaultPoints.StartProviderCalled)]
    [InlineData(FaultPoints.StopProviderCalled)]
    [InlineData(FaultPoints.DeleteStorageRemoved)]
    public async Task Portal_KilledAtPoint_LosesNothingAndDoublesNothing(string point)
    {
        await _portal.KillAsync();
        await _portal.RunAsync(new Dictionary<string, string>(fixture.Settings) { ["Portal__KillAt"] = point });
        await _portal.WaitUntilReadyAsync();
        var died = false;
        var request = new { item = "python-training", name = point.Replace('.', '-'), hardware = "cpu-tiny", parameters = new { script = Sleeper } };

        var id = await InsistAsync(() => _portal.Api.LaunchAsync(request, key: point));
        await InsistAsync(() => _portal.Api.WaitForAsync(id, "Running"));
        (await PodsAsync(id)).Should().Be(1, "exactly one attempt lives");
        await InsistAsync(() => _portal.Api.PostAsync($"/workloads/{id}/stop"));
        await InsistAsync(() => _portal.Api.WaitForAsync(id, "Stopped"));
        (await PodsAsync(id)).Should().Be(0, "nothing survives a stop");
        await InsistAsync(() => _portal.Api.SendAsync(HttpMethod.Delete, $"/workloads/{id}", null));
        await InsistAsync(() => _portal.Api.WaitForAsync(id, "Deleted"));

        died.Should().BeTrue($"the process must have died at {point}");
        (await fixture.Cluster.Client.CoreV1.ListPersistentVolumeClaimForAllNamespacesAsync(labelSelector: $"portal.internal/workload-id={id}")).Items.Should().BeEmpty("its storage is gone");
        (await LedgerInvariants.ViolationsAsync(_portal.Database)).Should().BeEmpty();
        (await WorkloadInvariants.AtAnyTimeAsync(_portal.Database)).Should().BeEmpty();

        async Task<T> InsistAsync<T>(Func<Task<T>> step)
        {
            for (var tries = 0; ; tries++)
            {
                try
                {
                    return await step();
                }
                catch (Exception exception) when (exception is HttpRequestException or InvalidOperationException or TaskCanceledException && tries < 5)
                {
                    for (var i = 0; i < 20 && !_portal.HasEnded; i++) await Task.Delay(100);
                    if (!_portal.HasEnded) throw;
                    died = true;
                    await _portal.KillAsync();
                    await _portal.RunAsync(fixture.Settings);
                    await _portal.WaitUntilReadyAsync();
                }
            }
        }
    }

    private async Task<int> PodsAsync(Guid id) =>
        (await fixture.Cluster.Client.CoreV1.ListPodForAllNamespacesAsync(labelSelector: $"portal.internal/workload-id={id}")).Items.Count(p => p.Status?.Phase is "Pending" or "Running" && p.Metadata.DeletionTimestamp is null);
}
