using System.Text.Json;
using AwesomeAssertions;
using Portal.Domain.Catalog;
using Xunit;

namespace Portal.Domain.Tests.Catalog;

/// <summary>What the item does with a value decides how long it may be.</summary>
public sealed class LaunchSizeTests
{
    private static readonly ItemSpec Item = DeploymentRendererTests.Item() with
    {
        Parameters =
        [
            DeploymentRendererTests.Of("text", ParameterType.Text), DeploymentRendererTests.Of("file", ParameterType.Text), DeploymentRendererTests.Of("name", ParameterType.String),
            DeploymentRendererTests.Of("list", ParameterType.StringList), DeploymentRendererTests.Of("env", ParameterType.Map), DeploymentRendererTests.Of("free", ParameterType.Map),
        ],
        Environment = new Dictionary<string, string> { ["NAME"] = "{{ parameters.name }}" },
        EnvironmentFrom = ["env"],
        Files = new Dictionary<string, FileSource> { ["f"] = new(null, "file") },
        Deployments = [new DeploymentSpec { Target = "local", Command = ["run", "--text={{ parameters.text }}", "{{ parameters.list }}"] }],
    };

    [Fact]
    public void Text_InAFile_MayHaveAMillionCharacters() => Errors(new { file = X(1_000_000) }).Should().BeEmpty();

    [Theory]
    [InlineData(131_064, true)]
    [InlineData(131_065, false)]
    public void Text_InACommand_MustFitWithWhatStandsAroundIt(int length, bool fits)
    {
        var errors = Errors(new { text = X(length) });
        errors.Should().HaveCount(fits ? 0 : 1);
        if (!fits)
            errors["parameters.text"].Should().Equal("is too long: it makes one command element 131072 bytes; at most 131071 fit");
    }

    [Theory]
    [InlineData(131_066, true)]
    [InlineData(131_067, false)]
    public void Text_InTheEnvironment_MustFitWithItsName(int length, bool fits) => Errors(new { name = X(length) }).Keys.Should().Equal(fits ? [] : ["parameters.name"]);

    [Theory]
    [InlineData(131_069, true)]
    [InlineData(131_070, false)]
    public void MapValue_InTheEnvironment_MustFitWithItsName(int length, bool fits) =>
        Errors(new { env = new Dictionary<string, string> { ["A"] = X(length) } }).Keys.Should().Equal(fits ? [] : ["parameters.env"]);

    [Fact]
    public void Everything_Together_MustFit()
    {
        Errors(new { list = Enumerable.Repeat(X(100_000), 10) }).Should().BeEmpty();
        Errors(new { list = Enumerable.Repeat(X(100_000), 11) })["parameters.list"].Should().ContainSingle().Which.Should().Contain("command and environment together").And.Contain("1048576");
    }

    [Theory]
    [InlineData("OK_1", null)]
    [InlineData("1A", "not an environment variable name")]
    [InlineData("A-B", "not an environment variable name")]
    [InlineData("A=B", "not an environment variable name")]
    [InlineData("A\n", "not an environment variable name")]
    [InlineData("É", "not an environment variable name")]
    [InlineData("PORTAL_WORKLOAD_ID", "reserved")]
    [InlineData("PORTAL_", "reserved")]
    [InlineData("NAME", "set by the catalog item")]
    public void MapName_InTheEnvironment_MustBeUsable(string name, string? words)
    {
        var errors = Errors(new { env = new Dictionary<string, string> { [name] = "x" } });
        errors.Keys.Should().Equal(words is null ? [] : ["parameters.env"]);
        errors.Values.SelectMany(v => v).Should().OnlyContain(m => m.Contains(words!));
        Errors(new { free = new Dictionary<string, string> { [name] = "x" } }).Should().BeEmpty();
    }

    private static string X(int length) => new('x', length);

    private static IReadOnlyDictionary<string, string[]> Errors(object given) => ParameterValidation.Validate(Item, JsonSerializer.SerializeToElement(given)).Errors;
}
