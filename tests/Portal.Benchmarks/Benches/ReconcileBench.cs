using System.Diagnostics;
using Portal.Application.Compute;
using Portal.Application.Costs;
using Portal.Application.Hosting;
using Portal.Domain.Access;
using Portal.Testing.Data;
using Portal.Testing.Hosting;

namespace Portal.Benchmarks.Benches;

/// <summary>What it costs to look after ten thousand workloads with which nothing happens: real use cases and database, a target that answers from memory.</summary>
internal static class ReconcileBench
{
    private const int Workloads = 10_000, Passes = 15;

    public static async Task RunAsync(Report report)
    {
        await using var host = await ApplicationHost.CreateAsync();
        await host.AddTeamAsync("bench");
        var actor = await host.AddPersonAsync("bench", ["bench"], [PortalRoles.Admin]);
        var model = await host.LaunchRunningAsync(actor, HostWorkloads.Training, parameters: new { script = "pass" });
        var spec = host.Target.Starts.Single();
        var before = await TimeAsync(host);
        foreach (var (workload, allocation) in await ManyWorkloads.CopyAsync(host.Database, model, Workloads - 1, TimeSpan.Zero, CancellationToken.None))
            await host.Target.StartAsync(spec with { AllocationId = allocation, WorkloadId = workload }, CancellationToken.None);
        var full = await TimeAsync(host);
        report.Add(new Figure($"a look at {Workloads} steady workloads", full.Look.Median, "ms", $"{full.Look}; CPU {full.Cpu.Median:0} ms of this process") { Beside = before.Look.Median, BesideName = "at one" });
        report.Add(new Figure($"what is due among {Workloads} steady workloads", full.Due.Median, "ms", full.Due.ToString()) { Beside = before.Due.Median, BesideName = "of one" });
        report.Add(new Figure($"posting usage of {Workloads} steady workloads, nothing due", full.Post.Median, "ms", full.Post.ToString()) { Beside = before.Post.Median, BesideName = "of one" });
        if (host.Jobs.TryTake(out _)) throw new InvalidOperationException("Steady workloads were asked for: this is no steady pass.");
    }

    private static async Task<(Samples Look, Samples Cpu, Samples Due, Samples Post)> TimeAsync(ApplicationHost host)
    {
        var (look, cpu, due, post) = (new Samples(), new Samples(), new Samples(), new Samples());
        using var self = Process.GetCurrentProcess();
        for (var pass = -3; pass < Passes; pass++)
        {
            var used = self.TotalProcessorTime;
            var seen = await MillisecondsAsync(() => host.Get<ObserveTarget>().ExecuteAsync(host.Target, CancellationToken.None));
            self.Refresh();
            var spent = (self.TotalProcessorTime - used).TotalMilliseconds;
            var asked = await MillisecondsAsync(() => host.Get<DueWorkloads>().EnqueueDueAsync(CancellationToken.None));
            var posted = await MillisecondsAsync(() => host.Get<UsagePosting>().PostDueAsync(CancellationToken.None));
            if (pass < 0) continue;
            look.Add(seen);
            cpu.Add(spent);
            due.Add(asked);
            post.Add(posted);
        }
        return (look, cpu, due, post);
    }

    private static async Task<double> MillisecondsAsync(Func<Task> act)
    {
        var watch = Stopwatch.StartNew();
        await act();
        return watch.Elapsed.TotalMilliseconds;
    }
}
