using System.Net.Http.Headers;
using System.Net.Http.Json;
using AwesomeAssertions;
using Portal.Compute.LocalProcess;
using Portal.Compute.Tests.Contract;
using Portal.Domain.Catalog;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Compute.Tests.LocalProcess;

/// <summary>A real Jupyter: its kernels and terminals are the processes that outlive a careless stop.</summary>
public sealed class JupyterTests : LocalTestBase
{
    private static AllocationSpec Jupyter() => Programs.Of(new ItemSpec
    {
        Slug = "jupyter-notebook",
        Name = "Jupyter",
        Kind = WorkloadKind.Notebook,
        Category = "notebooks",
        Summary = "A test.",
        Version = "1.0.0",
        Hardware = ["cpu-small"],
        Storage = [new StorageSpec("work", 5, true)],
        Ports = [new PortSpec { Ready = new ReadySpec { Path = "{{ basePath }}api" }, Auth = "token" }],
        Environment = new Dictionary<string, string> { ["JUPYTER_TOKEN"] = "{{ credential }}" },
        Deployments =
        [
            new DeploymentSpec
            {
                Target = "local",
                Requires = ["jupyter-notebook"],
                Command =
                [
                    "jupyter-notebook", "--no-browser", "--ip=127.0.0.1", "--port={{ port }}", "--port-retries=0",
                    "--NotebookApp.base_url={{ basePath }}", "--NotebookApp.allow_remote_access=True",
                ],
            },
        ],
    }) with
    { Hardware = Programs.Tiny with { Vcpu = 2, MemoryGib = 2 } };

    [Theory]
    [InlineData(Mode.Auto)]
    [InlineData(Mode.Plain)]
    public async Task Jupyter_WithKernelAndTerminal_StopsWithoutSurvivors(Mode mode)
    {
        var host = Host(mode);
        var spec = Jupyter();
        await host.Target.StartAsync(spec, Token);
        await host.Target.UntilAsync(spec.AllocationId, ObservedState.Ready, 90);
        using var client = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, token) => await host.Target.ConnectAsync(spec.AllocationId, token) }) { BaseAddress = new Uri($"http://jupyter{spec.BasePath}") };
        (await client.GetAsync("api/kernels", Token)).StatusCode.Should().Be(System.Net.HttpStatusCode.Forbidden, "it wants its token");
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("token", spec.Credential);
        (await client.PostAsJsonAsync("api/kernels", new { name = "python3" }, Token)).EnsureSuccessStatusCode();
        (await client.PostAsJsonAsync("api/terminals", new { }, Token)).EnsureSuccessStatusCode();
        await UntilAsync(() => Commands(host, spec).Any(c => c.Contains("ipykernel")) && Commands(host, spec).Any(c => c.StartsWith("/bin/bash", StringComparison.Ordinal) || c.Contains("/sh -l")), "kernel and terminal run", 60);
        Commands(host, spec).Should().OnlyContain(c => !c.Contains(spec.Credential));
        await host.Target.StopAsync(spec.AllocationId, TimeSpan.FromSeconds(10), Token);
        var seen = await host.Target.UntilAsync(spec.AllocationId, ObservedState.Exited);
        seen.StopRequested.Should().BeTrue();
        ProcessTable.OfAllocation(spec.AllocationId).Should().BeEmpty();
        ProcessesWith(spec.WorkloadId.ToString()).Should().BeEmpty();
    }

    private static List<string> Commands(LocalHost host, AllocationSpec spec) =>
        [.. ProcessTable.Descendants(host.State(spec).SupervisorPid).Select(pid => File.Exists($"/proc/{pid}/cmdline") ? File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ') : "")];
}
