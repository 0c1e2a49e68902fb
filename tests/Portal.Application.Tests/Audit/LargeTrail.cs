using System.Diagnostics;
using Portal.Testing.Hosting;
using Xunit;

namespace Portal.Application.Tests.Audit;

/// <summary>A trail of some size for figures: a million entries with <c>PORTAL_AUDIT_ENTRIES=1000000</c>, a small one otherwise, for the same path.</summary>
internal static class LargeTrail
{
    public const int Part = 20_000;

    /// <summary>The aims hold for a trail of this size.</summary>
    public const int Full = 1_000_000;

    public static int Entries { get; } = int.TryParse(Environment.GetEnvironmentVariable("PORTAL_AUDIT_ENTRIES"), out var wanted) ? wanted : Part;

    /// <summary>Entries number <paramref name="from"/> to at most <paramref name="from"/> + <see cref="Part"/> - 1, one a second backwards from now.</summary>
    public static Task WriteAsync(ApplicationHost host, Guid actor, int from) => host.Database.ExecuteAsync($$"""
        insert into audit_entries (id, at, actor_kind, actor_id, actor_name, action, subject_kind, subject_id, subject_name, detail, reason, source)
        select gen_random_uuid(), now() - (n || ' seconds')::interval, 'person', '{{actor}}', 'p' || n % 500 || '@example.org', (array['workload.launch', 'workload.stop', 'approval.approve', 'grant.give'])[1 + n % 4], 'workload', (n % 10000)::text, 'w-' || n % 10000, '{"hardware": "cpu-tiny"}', 'because', '192.0.2.1'
        from generate_series({{from}}, {{Math.Min(Entries, from + Part - 1)}}) n
        """);

    /// <summary>Does each thing some twenty times in turn; says what each took and returns the 95th percentile of all of them, in milliseconds.</summary>
    public static async Task<double> MeasureAsync(string title, params (string Name, Func<Task> Read)[] reads)
    {
        var times = reads.ToDictionary(r => r.Name, _ => new List<double>());
        for (var i = 0; i < 21; i++)
            foreach (var (name, read) in reads)
            {
                var watch = Stopwatch.StartNew();
                await read();
                // The first of each compiles the query.
                if (i > 0) times[name].Add(watch.Elapsed.TotalMilliseconds);
            }
        double At(IEnumerable<double> all, double part) => all.Order().ElementAt((int)(all.Count() * part));
        var p95 = At(times.Values.SelectMany(t => t), 0.95);
        TestContext.Current.TestOutputHelper!.WriteLine($"{title}: p95 {p95:0} ms; {string.Join(", ", times.Select(t => $"{t.Key} {At(t.Value, 0.5):0} to {At(t.Value, 0.95):0}"))}");
        return p95;
    }
}
