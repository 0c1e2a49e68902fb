using System.Text.Json;
using AwesomeAssertions;
using Portal.Application.Workloads;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;
using Portal.Web.Components.Pages.Launch;
using Xunit;

namespace Portal.Web.Tests.Pages.Launch;

public sealed class LaunchTextTests
{
    private static readonly ItemSpec Item = new()
    {
        Slug = "demo", Name = "Demo", Kind = WorkloadKind.TrainingRun, Category = "training", Summary = "", Version = "1.0.0", Hardware = ["cpu-tiny"], Deployments = [],
        Parameters = [new ParameterSpec { Name = "key", Type = ParameterType.Secret }, new ParameterSpec { Name = "script", Type = ParameterType.Text }],
    };

    private static LaunchRequest Request(object parameters) => new() { Item = "demo", Version = "1.0.0", Name = "no", Team = "vision", Parameters = JsonSerializer.SerializeToElement(parameters), Lifetime = TimeSpan.FromHours(8) };

    [Fact]
    public void Yaml_OfEverything_ReadsBackAsWhatWasMeant()
    {
        var parameters = new { script = "print(1)\n\nif x:\n  y: 'z'\n", list = new[] { "- a", "#b" }, map = new Dictionary<string, string> { ["on"] = "yes", ["a: b"] = "{{ x }}" }, number = 5, flag = true, empty = "" };
        var yaml = LaunchText.Yaml(Request(parameters), Item);
        var read = new YamlDotNet.Serialization.Deserializer().Deserialize<Dictionary<string, object>>(yaml);
        read["name"].Should().Be("no", "a word that YAML 1.1 takes for false is quoted");
        read["lifetime"].Should().Be("PT8H");
        var values = (Dictionary<object, object>)read["parameters"];
        values["script"].Should().Be("print(1)\n\nif x:\n  y: 'z'\n");
        values["list"].Should().BeEquivalentTo(new[] { "- a", "#b" });
        ((Dictionary<object, object>)values["map"])["a: b"].Should().Be("{{ x }}");
        yaml.Should().Contain("name: \"no\"").And.Contain("\"on\": \"yes\"");
    }

    [Fact]
    public void Curl_WithASecret_NeverShowsItAndQuotesForTheShell()
    {
        var text = LaunchText.Curl(Request(new { key = "hunter2", script = "echo $HOME `id` 'x'" }), Item, new Uri("http://localhost:5080"));
        text.Should().NotContain("hunter2").And.Contain("********").And.Contain("<<'JSON'").And.Contain("POST http://localhost:5080/api/v1/workloads");
    }
}
