using System.Text;
using AwesomeAssertions;
using Portal.Application.Catalog.Files;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;
using Xunit;

namespace Portal.Application.Tests.Catalog;

public sealed class ShippedCatalogTests
{
    private static readonly CatalogLoad Load = CatalogFolder.Read(CatalogFixture.Shipped);

    [Fact]
    public void ShippedCatalog_Read_HasNeitherProblemsNorWarnings()
    {
        Load.Problems.Should().BeEmpty();
        Load.Warnings.Should().BeEmpty();
    }

    [Fact]
    public void ShippedCatalog_Categories_AreTheTenInOrder() =>
        Load.Categories.Select(c => c.Slug).Should().Equal("notebooks", "training", "model-serving", "experiment-tracking", "data-versioning", "orchestration",
            "vector-database", "feature-store", "monitoring", "data-processing");

    [Theory]
    [InlineData("cpu-tiny", 0.25, 0.5, null, 0, 0, false)]
    [InlineData("cpu-small", 1, 2, null, 0, 0, false)]
    [InlineData("cpu-medium", 4, 16, null, 0, 0, false)]
    [InlineData("cpu-large", 16, 64, null, 0, 0, false)]
    [InlineData("gpu-t4", 4, 16, "T4", 1, 16, false)]
    [InlineData("gpu-a10g", 4, 16, "A10G", 1, 22.3515625, false)]
    [InlineData("gpu-l4", 4, 16, "L4", 1, 22.3515625, false)]
    [InlineData("gpu-a100x8", 96, 1152, "A100", 8, 40, true)]
    [InlineData("gpu-h100x8", 192, 2048, "H100", 8, 80, true)]
    public void ShippedCatalog_Hardware_HasTheTrueFigures(string slug, decimal vcpu, decimal memory, string? gpu, int count, decimal gpuMemory, bool restricted)
    {
        var profile = Load.Hardware.Should().ContainSingle(h => h.Slug == slug).Subject;
        (profile.Vcpu, profile.MemoryGib, profile.Restricted).Should().Be((vcpu, memory, restricted));
        profile.Gpu.Should().Be(gpu is null ? null : new GpuSpec(gpu, count, gpuMemory));
    }

    [Fact]
    public void JupyterNotebook_Read_KeepsItsFolderAndItsTokenToItself()
    {
        var (spec, files) = Item("jupyter-notebook");
        spec.Kind.Should().Be(WorkloadKind.Notebook);
        spec.Hardware.Should().Equal("cpu-small", "cpu-tiny", "cpu-medium", "cpu-large");
        spec.Storage.Should().ContainSingle().Which.Keep.Should().BeTrue();
        spec.Ports.Should().ContainSingle().Which.Auth.Should().Be("token");
        spec.Defaults.Lifetime.Should().Be(TimeSpan.FromHours(8));
        var rendered = Render(spec);
        rendered.Command.Should().Contain("--port=4242").And.Contain("--NotebookApp.base_url=/w/1/").And.Contain("--port-retries=0");
        rendered.Command.Should().NotContain(e => e.Contains("c0ffee"));
        rendered.Environment["JUPYTER_TOKEN"].Should().Be("c0ffee");
        rendered.ReadyPath.Should().Be("/w/1/api");
        Encoding.UTF8.GetString(files["page.html"]).Should().Contain("set token = \"\"");
    }

    [Fact]
    public void PythonTraining_Read_WritesItsScriptAndPassesArgumentsOneByOne()
    {
        var (spec, _) = Item("python-training");
        spec.Hardware.Should().Equal("cpu-small", "cpu-tiny", "cpu-medium", "cpu-large");
        spec.Retry.On.Should().Equal("interruption", "noCapacity", "error");
        spec.Checkpoint.Grace.Should().Be(TimeSpan.FromSeconds(30));
        var rendered = Render(spec, """{"arguments": ["--steps", "2 0"], "environment": {"A": "b"}}""");
        rendered.Command.Should().Equal("python3", "-u", "/f/train.py", "--steps", "2 0");
        rendered.Environment.Should().Equal(new Dictionary<string, string> { ["A"] = "b" });
        Encoding.UTF8.GetString(rendered.ParameterFiles["train.py"]).Should().Contain("::metric loss=").And.Contain("os.replace").And.EndWith("\n");
    }

    [Fact]
    public void ShippedItems_StoredAndReadBack_AreTheSame()
    {
        foreach (var item in Load.Items)
            PortalJson.Read<ItemSpec>(PortalJson.Write(item.Spec)).Should().BeEquivalentTo(item.Spec, o => o.WithStrictOrdering());
    }

    private static (ItemSpec Spec, IReadOnlyDictionary<string, byte[]> Files) Item(string slug)
    {
        var item = Load.Items.Should().ContainSingle(i => i.Spec.Slug == slug).Subject;
        return (item.Spec, item.Files);
    }

    private static RenderedDeployment Render(ItemSpec spec, string given = "{}")
    {
        var (values, errors) = ParameterValidation.Validate(spec, System.Text.Json.JsonDocument.Parse(given).RootElement);
        errors.Should().BeEmpty();
        return DeploymentRenderer.Render(spec, spec.DeploymentFor("local")!, values, new RenderPlaces(4242, "/w/1/", "/f", "/work", "/a", "/c", "c0ffee"));
    }
}
