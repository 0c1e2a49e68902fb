using Portal.Benchmarks;
using Portal.Benchmarks.Benches;

// Runs the named benchmarks, or all. Each brings its own portal on its own database; nothing else should run on the machine.
(string Name, Func<Report, Task> Run)[] all =
[
    ("notebooks", NotebookBench.RunAsync), ("lists", ListBench.RunAsync), ("reconcile", ReconcileBench.RunAsync), ("proxy", ProxyBench.RunAsync), ("pages", PageBench.RunAsync), ("up", UpBench.RunAsync),
];
var json = args.SkipWhile(a => a != "--json").Skip(1).FirstOrDefault();
var asked = args.Where(a => a != "--json" && a != json).ToList();
if (asked.Except(all.Select(b => b.Name)).ToList() is { Count: > 0 } unknown)
{
    Console.Error.WriteLine($"Unknown benchmark {string.Join(", ", unknown)}. There are: {string.Join(", ", all.Select(b => b.Name))}.");
    return 2;
}
var (report, failed) = (new Report(), false);
foreach (var (name, run) in all.Where(b => asked.Count == 0 || asked.Contains(b.Name)))
{
    Console.WriteLine($"== {name}");
    try
    {
        await run(report);
    }
    catch (Exception exception)
    {
        // What the others measure is worth having; the exit code says that something is missing.
        failed = true;
        Console.Error.WriteLine(exception);
        report.Miss($"{name}: {exception.Message.Split('\n')[0]}");
    }
}
report.Print();
if (json is not null) report.Write(json);
return failed ? 1 : 0;
