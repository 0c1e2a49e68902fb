using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using AwesomeAssertions;
using k8s;
using Microsoft.Playwright;
using Portal.EndToEnd.Tests.Fixtures;
using Portal.Testing.Kubernetes;
using Portal.Testing.Kubernetes.Programs;
using Xunit;

namespace Portal.EndToEnd.Tests.Load;

/// <summary>
/// From a pod's change on a cluster to the words on an open page, while many others change. <c>PORTAL_CLUSTER_WORKLOADS=10000</c>, <c>PORTAL_CLUSTER_CHANGES=200</c> (a second) and <c>--show-live-output on</c> make a
/// measurement of it; as it is, it is small, and its limits are such that only something broken exceeds them, on a busy machine too.
/// </summary>
public sealed class ClusterLoadTests : IAsyncLifetime
{
    private const string Name = "cluster";
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(20), LatestShown = TimeSpan.FromSeconds(5);
    private readonly string _kubeconfig = Path.Combine(Path.GetTempPath(), $"portal-load-{Guid.NewGuid():N}.yaml");
    private readonly TcpListener _door = new(IPAddress.Loopback, 0);
    private Task _opening = Task.CompletedTask;
    private TestCluster _cluster = null!;
    private PortalProcess _portal = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await TestCluster.StartAsync();
        // Whatever asks whether a program answers reaches the same door.
        _door.Start(1000);
        _opening = OpenAsync();
        _cluster.Programs.Default = new ScriptedProgram { ForwardTo = (IPEndPoint)_door.LocalEndpoint };
        _cluster.Nodes.Add("huge", capacity: new Dictionary<string, string> { ["cpu"] = "100000", ["memory"] = "1000Ti", ["pods"] = "100000" });
        // All on one node: what the portal has recorded of the first is then true of its copies, and there is nothing to record anew.
        _cluster.Nodes.Remove("node-1");
        await File.WriteAllTextAsync(_kubeconfig, _cluster.AdminKubeconfig, Token);
        _portal = await PortalProcess.StartAsync(new Dictionary<string, string>
        {
            [$"Kubernetes__Clusters__{Name}__Kubeconfig"] = _kubeconfig, [$"Kubernetes__Clusters__{Name}__SharedStorageClass"] = "shared", ["Local__Enabled"] = "false", ["Reconcile__LeaseDuration"] = "00:00:30",
            // The copies are on the cluster before their rows are there.
            ["Reconcile__SweepGrace"] = "01:00:00",
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _portal.DisposeAsync();
        await _cluster.DisposeAsync();
        _door.Dispose();
        await _opening;
        File.Delete(_kubeconfig);
    }

    [Fact]
    public async Task Change_OfOneAmongMany_IsOnThePageSoon()
    {
        var (count, rate, samples) = (Asked("PORTAL_CLUSTER_WORKLOADS", 200), Asked("PORTAL_CLUSTER_CHANGES", 20), Asked("PORTAL_CLUSTER_SAMPLES", 10));
        var model = await RunningAsync("container-service", new { image = "example.org/server:1" });
        var shown = await RunningAsync("container-endpoint", new { image = "example.org/server:1", replicas = 2 });
        var many = new ManyOnACluster(_portal, _cluster);
        var begun = Stopwatch.StartNew();
        await many.MakeAsync(model, count, Token);
        Say($"{count} workloads were there after {begun.Elapsed.TotalSeconds:0} s");
        await many.SettleAsync(Token);
        Say($"{count} workloads were seen and recorded after {begun.Elapsed.TotalSeconds:0} s; the portal holds {_portal.MemoryMib:0} MiB");
        _cluster.ClearRequests();
        await Task.Delay(Steady, Token);
        var calls = _cluster.Requests.Count / Steady.TotalSeconds;
        Say($"{calls:0.00} API calls a second while nothing changes");

        await using var chromium = await Chromium.StartAsync();
        var page = await chromium.SignInAsync(_portal);
        await page.GotoAsync($"{_portal.Url}workloads/{shown}");
        await page.GetByText("2 of 2 replicas answer.").First.WaitForAsync();
        var alone = await ShowAsync(page, many, shown, samples);
        Say($"with nothing else: on the page after {At(alone, 0.5):0} ms (median), {At(alone, 0.95):0} ms (95 %)");

        using var done = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var changing = ChangeAsync(many, rate, done.Token);
        await Task.Delay(TimeSpan.FromSeconds(5), Token);
        var before = _portal.MemoryMib;
        var busy = await ShowAsync(page, many, shown, samples);
        await done.CancelAsync();
        var made = await changing;
        Say($"beside {made:0} changes a second: on the page after {At(busy, 0.5):0} ms (median), {At(busy, 0.95):0} ms (95 %); memory {before:0} MiB, then {_portal.MemoryMib:0} MiB");

        calls.Should().BeLessThan(1, "what is steady costs nothing");
        At(busy, 0.95).Should().BeLessThan(LatestShown.TotalMilliseconds);
        _cluster.Surprises.Should().BeEmpty();
    }

    private async Task OpenAsync()
    {
        try
        {
            while (true) (await _door.AcceptSocketAsync(CancellationToken.None)).Dispose();
        }
        catch (SocketException)
        {
            // The door is shut.
        }
    }

    private async Task<Guid> RunningAsync(string item, object parameters)
    {
        var id = await _portal.Api.LaunchAsync(new { item, hardware = "cpu-tiny", parameters });
        await _portal.Api.WaitForAsync(id, "Running");
        return id;
    }

    /// <summary>Lets one of two replicas fall silent and answer again, and has the page say when its words have changed. In milliseconds.</summary>
    private async Task<List<double>> ShowAsync(IPage page, ManyOnACluster many, Guid shown, int samples)
    {
        var pod = (await _cluster.Client.CoreV1.ListPodForAllNamespacesAsync(labelSelector: $"portal.internal/workload-id={shown}", cancellationToken: Token)).Items[0].Metadata.Name;
        List<double> times = [];
        for (var sample = 0; sample < samples; sample++)
        {
            var ready = sample % 2 == 1;
            var words = ready ? "2 of 2 replicas" : "1 of 2 replicas";
            var seen = page.EvaluateAsync<double>("""
                words => new Promise(resolve => {
                    const look = () => document.body.innerText.includes(words) && (observer.disconnect(), resolve(Date.now()));
                    const observer = new MutationObserver(look);
                    observer.observe(document.body, { subtree: true, childList: true, characterData: true });
                    look();
                })
                """, words);
            // At another moment of the page's pause each time.
            await Task.Delay(600 + Random.Shared.Next(700), Token);
            var changed = TimeProvider.System.GetUtcNow();
            await many.SetReadyAsync(pod, ready, Token);
            times.Add(await seen.WaitAsync(TimeSpan.FromSeconds(60), Token) - changed.ToUnixTimeMilliseconds());
        }
        return times;
    }

    /// <summary>Lets the copies become unready and ready again, one after the other; answers how many a second it were.</summary>
    private static async Task<double> ChangeAsync(ManyOnACluster many, int rate, CancellationToken done)
    {
        var (watch, made) = (Stopwatch.StartNew(), 0);
        await Parallel.ForEachAsync(Numbers(done), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (number, _) =>
        {
            var due = TimeSpan.FromSeconds((double)number / rate) - watch.Elapsed;
            if (due > TimeSpan.Zero) await Task.Delay(due, CancellationToken.None);
            await many.SetReadyAsync(ManyOnACluster.PodOf(many.Copies[number % many.Copies.Count]), number / many.Copies.Count % 2 == 1, CancellationToken.None);
            Interlocked.Increment(ref made);
        });
        return made / watch.Elapsed.TotalSeconds;
    }

    private static IEnumerable<int> Numbers(CancellationToken done)
    {
        for (var number = 0; !done.IsCancellationRequested; number++) yield return number;
    }

    private static int Asked(string variable, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out var asked) ? asked : otherwise;

    private static void Say(FormattableString text) => TestContext.Current.TestOutputHelper!.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static double At(List<double> times, double part) => times.Order().ElementAt(Math.Min(times.Count - 1, (int)(times.Count * part)));
}
