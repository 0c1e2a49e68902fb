using System.Text.Json;
using AwesomeAssertions;
using Portal.Domain.Catalog;
using Xunit;

namespace Portal.Domain.Tests.Catalog;

/// <summary>What people say of a container is checked under the parameter that says it.</summary>
public sealed class LaunchPlaceTests
{
    private static readonly RenderPlaces Places = new(4242, "/w/1/", "/files", "/work", "/artifacts", "/checkpoint", "c0ffee");

    private static readonly ItemSpec Item = DeploymentRendererTests.Item() with
    {
        Parameters =
        [
            Of("image", ParameterType.String, "\"example.org/a:1\""), Of("tag", ParameterType.String, "\"1\""), Of("command", ParameterType.StringList, "[]"), Of("arguments", ParameterType.StringList, "[]"), Of("folder", ParameterType.String, "\"\""),
            Of("ready", ParameterType.String, "\"\""), Of("port", ParameterType.Integer, "8080"), Of("path", ParameterType.String, "\"\""), Of("size", ParameterType.Integer, "7"), Of("env", ParameterType.Map, "{}"),
        ],
        Ports = [new PortSpec { Ready = new ReadySpec { Path = "{{ parameters.ready }}" }, ContainerPort = "{{ parameters.port }}" }],
        Storage = [new StorageSpec("data", 1, true) { SizeParameter = "size", MountPath = "{{ parameters.path }}" }, new StorageSpec("more", 2, false) { MountPath = "/more" }],
        Environment = new Dictionary<string, string> { ["ALL"] = "item", ["LISTEN"] = "{{ port }}" },
        EnvironmentFrom = ["env"],
        Deployments =
        [
            new DeploymentSpec { Target = "local", Command = ["run", "{{ port }}"] },
            new DeploymentSpec
            {
                Target = "kubernetes", Image = "{{ parameters.image }}", Command = ["{{ parameters.command }}"], Args = ["{{ parameters.arguments }}"], WorkingDir = "{{ parameters.folder }}",
                Environment = new Dictionary<string, string> { ["ALL"] = "cluster", ["HERE"] = "{{ port }}" },
            },
            new DeploymentSpec { Target = "ec2", Image = "example.org/a:{{ parameters.tag }}", Command = ["run"] },
        ],
    };

    [Theory]
    [InlineData("image", "\"a b\"", "must make a container image such as docker.io/library/python:3.13-slim: lower case, without spaces, with a tag or a digest; got \"a b\"")]
    [InlineData("image", "\"\"", "must make a container image such as docker.io/library/python:3.13-slim: lower case, without spaces, with a tag or a digest; got \"\"")]
    [InlineData("tag", "\"1/../x\"", "must make a container image such as docker.io/library/python:3.13-slim: lower case, without spaces, with a tag or a digest; got \"example.org/a:1/../x\"")]
    [InlineData("command", "[\"\", \"x\"]", "must begin with the program to run; the first element is empty")]
    [InlineData("folder", "\"work\"", "must be an absolute path; got \"work\"")]
    [InlineData("ready", "\"healthz\"", "must begin with /; got \"healthz\"")]
    [InlineData("path", "\"/proc/1\"", "\"/proc/1\" is not free: /proc belongs to the system or the portal")]
    [InlineData("path", "\"/more\"", null)]
    public void Value_ThatMakesNoContainer_IsAnErrorOfItsParameter(string name, string json, string? message)
    {
        var errors = Validate($$"""{"{{name}}": {{json}}}""").Errors;
        if (message is not null) errors.Should().ContainSingle().Which.Should().BeEquivalentTo(KeyValuePair.Create($"parameters.{name}", new[] { message }));
        else errors.Should().NotBeEmpty("two folders cannot be at one place");
    }

    [Fact]
    public void Values_AsTheyMayBe_MakeTheContainer()
    {
        var values = Validate("""{"arguments": ["--x", "$(HOME)"], "folder": "/srv", "ready": "/ok", "port": 9000, "path": "/data", "size": 30}""").Values;
        var rendered = DeploymentRenderer.Render(Item, Item.Deployments[1], values, Places);
        rendered.Command.Should().BeEmpty();
        rendered.Args.Should().Equal("--x", "$(HOME)");
        (rendered.Image, rendered.WorkingDir, rendered.Port, rendered.ReadyPath).Should().Be(("example.org/a:1", "/srv", 9000, "/ok"));
        rendered.Environment.Should().BeEquivalentTo(new Dictionary<string, string> { ["ALL"] = "cluster", ["HERE"] = "9000", ["LISTEN"] = "9000" });
        DeploymentRenderer.Storage(Item, values).Select(s => (s.Name, s.SizeGib, s.MountPath)).Should().Equal(("data", 30, "/data"), ("more", 2, "/more"));
    }

    [Fact]
    public void Values_LeftAtTheirDefaults_LeaveItToTheImageAndTheTarget()
    {
        var values = Validate("{}").Values;
        var rendered = DeploymentRenderer.Render(Item, Item.Deployments[1], values, Places);
        (rendered.WorkingDir, rendered.Port, rendered.ReadyPath).Should().Be((null, 8080, ""));
        DeploymentRenderer.Storage(Item, values)[0].Should().BeEquivalentTo(new { SizeGib = 7, MountPath = (string?)null });
        DeploymentRenderer.Render(Item, Item.Deployments[0], values, Places).Command.Should().Equal(["run", "4242"], "on the portal's host the port is the portal's to give");
        DeploymentRenderer.Render(Item, Item.Deployments[0], values, Places).Environment["ALL"].Should().Be("item");
    }

    [Fact]
    public void Variable_ThatOneDeploymentSets_CannotBeReplaced() =>
        Validate("""{"env": {"HERE": "1"}}""").Errors["parameters.env"].Should().Equal("\"HERE\" is set by the catalog item and cannot be replaced.");

    private static ParameterSpec Of(string name, ParameterType type, string json) => new() { Name = name, Type = type, DefaultJson = json };

    private static (ParameterValues Values, IReadOnlyDictionary<string, string[]> Errors) Validate(string given) => ParameterValidation.Validate(Item, JsonDocument.Parse(given).RootElement);
}
