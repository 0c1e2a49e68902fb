using System.Text.Json;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Tests.Contract;

/// <summary>Allocations of small Python programs.</summary>
internal static class Programs
{
    /// <summary>A server that answers everything with 200 and ends on SIGTERM.</summary>
    internal const string Server = """
        import http.server, os
        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200); self.end_headers(); self.wfile.write(b"served")
            def log_message(self, *a): pass
        http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Answer).serve_forever()
        """;

    internal static readonly HardwareProfileSpec Tiny = new() { Slug = "cpu-tiny", Name = "Tiny", Vcpu = 1, MemoryGib = 0.5m };

    /// <summary>An allocation that runs a Python text, given as a shipped file.</summary>
    internal static AllocationSpec Python(string script, Func<ItemSpec, ItemSpec>? adjust = null, Dictionary<string, object>? parameters = null, Guid? workloadId = null, bool serves = false)
    {
        var item = new ItemSpec
        {
            Slug = "test-item",
            Name = "Test item",
            Kind = serves ? WorkloadKind.Service : WorkloadKind.TrainingRun,
            Category = "training",
            Summary = "A test.",
            Version = "1.0.0",
            Hardware = ["cpu-tiny"],
            Ports = serves ? [new PortSpec { Ready = new ReadySpec { Path = "{{ basePath }}ready" } }] : [],
            Files = new Dictionary<string, FileSource> { ["main.py"] = new("files/main.py", null) },
            Deployments =
            [
                new DeploymentSpec { Target = "local", Requires = ["python3"], Command = ["python3", "-u", "{{ files }}/main.py"] },
                new DeploymentSpec { Target = "kubernetes", Image = "docker.io/library/python:3.13-slim", Command = ["python3", "-u", "{{ files }}/main.py"] },
            ],
        };
        return Of(adjust?.Invoke(item) ?? item, script, parameters, workloadId);
    }

    internal static AllocationSpec Of(ItemSpec item, string script = "", Dictionary<string, object>? parameters = null, Guid? workloadId = null)
    {
        var id = workloadId ?? Guid.CreateVersion7();
        // Only declared parameters may be named in a template.
        var declared = item.Parameters.Select(p => p.Name).ToHashSet();
        item = item with { Parameters = [.. item.Parameters, .. (parameters ?? []).Where(p => !declared.Contains(p.Key)).Select(p => new ParameterSpec { Name = p.Key, Type = TypeOf(p.Value) })] };
        return new AllocationSpec
        {
            AllocationId = Guid.CreateVersion7(),
            WorkloadId = id,
            WorkloadName = "test",
            Attempt = 1,
            OwnerId = Guid.Parse("00000000-0000-7000-8000-000000000001"),
            Owner = "ana",
            Team = "portal-tests",
            CostCentre = "cc-1",
            Item = item.Slug,
            Version = item.Version,
            PortalInstanceId = "tests",
            Hardware = Tiny,
            ItemSpec = item,
            Parameters = new ParameterValues((parameters ?? []).ToDictionary(p => p.Key, p => JsonSerializer.SerializeToElement(p.Value))),
            ShippedFiles = new Dictionary<string, byte[]> { ["main.py"] = System.Text.Encoding.UTF8.GetBytes(script) },
            Credential = "credential-" + Guid.NewGuid().ToString("N"),
        };
    }

    private static ParameterType TypeOf(object value) => JsonSerializer.SerializeToElement(value).ValueKind switch
    {
        JsonValueKind.Array => ParameterType.StringList,
        JsonValueKind.Object => ParameterType.Map,
        JsonValueKind.Number => ParameterType.Number,
        JsonValueKind.True or JsonValueKind.False => ParameterType.Boolean,
        _ => ParameterType.String,
    };
}

/// <summary>Waiting for what a target does by itself.</summary>
internal static class Observing
{
    // A real cluster fetches images first.
    private static readonly int Patience = Environment.GetEnvironmentVariable("PORTAL_TEST_KUBECONFIG") is { Length: > 0 } ? 10 : 1;

    /// <summary>The first observation in one of the states; fails after the time.</summary>
    internal static async Task<Observation> UntilAsync(this IComputeTarget target, Guid allocationId, ObservedState state, int seconds = 30)
    {
        var last = new Observation(allocationId, ObservedState.Unknown);
        for (var look = 0; look < seconds * 20 * Patience; look++)
        {
            last = await target.ObserveAsync(allocationId, TestContext.Current.CancellationToken);
            if (last.State == state)
                return last;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        var log = await target.ReadLogTailAsync(allocationId, 20, TestContext.Current.CancellationToken);
        throw new TimeoutException($"Expected {state}, last seen {last}; log: {string.Join("\n", log.Lines.Select(l => $"{l.Source} {l.Text}"))}");
    }

    /// <summary>The allocation in the list of all, once it is as wanted: a target may hear of a change a moment after it.</summary>
    internal static async Task<Observation?> UntilListedAsync(this IComputeTarget target, Guid allocationId, Func<Observation?, bool> wanted)
    {
        Observation? seen = null;
        for (var look = 0; look < 400 * Patience; look++)
        {
            seen = (await target.ObserveAllAsync(TestContext.Current.CancellationToken)).SingleOrDefault(o => o.AllocationId == allocationId);
            if (wanted(seen)) return seen;
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        throw new TimeoutException($"The list of all allocations does not come to show it so; last {seen}");
    }

    /// <summary>All lines of one source.</summary>
    internal static async Task<IReadOnlyList<string>> LinesAsync(this IComputeTarget target, Guid allocationId, string source = "out")
    {
        List<string> lines = [];
        long cursor = 0;
        for (var slice = await target.ReadLogAsync(allocationId, cursor, 1 << 20, default); slice.Lines.Count > 0; slice = await target.ReadLogAsync(allocationId, cursor, 1 << 20, default))
        {
            lines.AddRange(slice.Lines.Where(l => l.Source == source).Select(l => l.Text));
            cursor = slice.NextCursor;
        }
        return lines;
    }
}
