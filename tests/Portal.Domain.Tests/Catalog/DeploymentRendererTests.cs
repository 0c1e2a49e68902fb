using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Portal.Domain.Catalog;
using Xunit;

namespace Portal.Domain.Tests.Catalog;

public sealed class DeploymentRendererTests
{
    private static readonly RenderPlaces Places = new(4242, "/w/1/", "/files", "/work", "/artifacts", "/checkpoint", "c0ffee");

    public static TheoryData<string> HostileTexts =>
    [
        "\"; rm -rf / #", "$(reboot)`id`${HOME}", "line\nline\r\n\tend\n", "{{ credential }}", "{{ parameters.other }}", "}} {{", "{{ {{ port }} }}", "$1 $& ${0} \\1", "%s %n {0}",
        "", " ", "'", "\\", "\u001b[31m\u0001\u007f", "é e\u0301 👩‍👩‍👧 \u202e\ufeff\uffff", "--flag=x", "-", "*", "~",
    ];

    [Theory]
    [MemberData(nameof(HostileTexts))]
    public void Render_HostileText_ArrivesByteForByteEverywhere(string text)
    {
        var item = Item() with
        {
            Parameters = [Of("text", ParameterType.Text), Of("other", ParameterType.String), Of("list", ParameterType.StringList), Of("map", ParameterType.Map)],
            Environment = new Dictionary<string, string> { ["E"] = "<{{ parameters.text }}>" },
            EnvironmentFrom = ["map"],
            Files = new Dictionary<string, FileSource> { ["f.txt"] = new(null, "text") },
        };
        var values = Values(new { text, other = "OTHER", list = new[] { text, "b" }, map = new Dictionary<string, string> { ["M"] = text } });
        var rendered = Render(item, values, "run", "{{ parameters.text }}", "a{{parameters.text}}b{{ parameters.other }}", "{{ parameters.list }}");
        rendered.Command.Should().Equal("run", text, $"a{text}bOTHER", text, "b");
        rendered.Environment.Should().BeEquivalentTo(new Dictionary<string, string> { ["E"] = $"<{text}>", ["M"] = text });
        rendered.ParameterFiles["f.txt"].Should().Equal(Encoding.UTF8.GetBytes(text));
    }

    [Fact]
    public void Render_Places_AreInserted()
    {
        var item = Item() with
        {
            Ports = [new PortSpec { Ready = new ReadySpec { Path = "{{ basePath }}api" } }],
            Environment = new Dictionary<string, string> { ["TOKEN"] = "{{ credential }}" },
            Checkpoint = new CheckpointSpec { Command = ["save", "{{checkpoint}}"] },
        };
        var rendered = DeploymentRenderer.Render(item, new DeploymentSpec { Target = "kubernetes", Image = "python:3", Command = ["{{ files }}/x", "--port={{ port }}", "{{ work }}", "{{artifacts}}", "{{  checkpoint  }}", "{{ basePath }}"] }, ParameterValues.Empty, Places);
        rendered.Command.Should().Equal("/files/x", "--port=4242", "/work", "/artifacts", "/checkpoint", "/w/1/");
        rendered.Environment["TOKEN"].Should().Be("c0ffee");
        (rendered.ReadyPath, rendered.Image).Should().Be(("/w/1/api", "python:3"));
        rendered.CheckpointCommand.Should().Equal("save", "/checkpoint");
    }

    [Fact]
    public void Render_NumbersAndFlags_AreWrittenAsJsonWritesThem()
    {
        var item = Item() with { Parameters = [Of("n", ParameterType.Number), Of("i", ParameterType.Integer), Of("b", ParameterType.Boolean), Of("none", ParameterType.String)] };
        Render(item, Values(new { n = 0.0001m, i = 5, b = true }), "{{ parameters.n }} {{ parameters.i }} {{ parameters.b }}", "<{{ parameters.none }}>").Command.Should().Equal("0.0001 5 true", "<>");
    }

    [Theory]
    [InlineData("[]", 0)]
    [InlineData("[\"\"]", 1)]
    [InlineData("[\"a\",\"b\",\"c\"]", 3)]
    [InlineData(null, 0)]
    public void Render_List_BecomesAsManyElementsAsItHas(string? json, int count)
    {
        var item = Item() with { Parameters = [Of("list", ParameterType.StringList)] };
        var values = json is null ? ParameterValues.Empty : new ParameterValues(new Dictionary<string, JsonElement> { ["list"] = JsonDocument.Parse(json).RootElement });
        Render(item, values, "run", "{{ parameters.list }}", "end").Command.Should().HaveCount(count + 2).And.StartWith("run").And.EndWith("end");
    }

    [Fact]
    public void Render_ListDefault_IsExpandedToo()
    {
        var item = Item() with { Parameters = [Of("list", ParameterType.StringList) with { DefaultJson = "[\"--a\", \"1 2\"]" }] };
        Render(item, ParameterValidation.Validate(item, null).Values, "run", "{{ parameters.list }}").Command.Should().Equal("run", "--a", "1 2");
    }

    [Fact]
    public void Render_ReservedNames_NeverComeFromAnItemOrAPerson()
    {
        var item = Item() with
        {
            Parameters = [Of("map", ParameterType.Map)],
            EnvironmentFrom = ["map"],
            Environment = new Dictionary<string, string> { ["PORTAL_WORKLOAD_ID"] = "x", ["OK"] = "item" },
        };
        var rendered = Render(item, Values(new { map = new Dictionary<string, string> { ["PORTAL_X"] = "x", ["PORTALX"] = "y", ["OK"] = "person" } }), "run");
        rendered.Environment.Should().BeEquivalentTo(new Dictionary<string, string> { ["PORTALX"] = "y", ["OK"] = "item" });
    }

    [Theory]
    [InlineData("{{ nothing }}")]
    [InlineData("{{ parameters.nothing }}")]
    [InlineData("{{ credential }}")]
    [InlineData("{{ parameters.key }}")]
    [InlineData("--x={{ parameters.list }}")]
    [InlineData("{{ parameters.map }}")]
    public void Render_WhatNoPublishedItemHas_Throws(string element)
    {
        var item = Item() with { Parameters = [Of("key", ParameterType.Secret), Of("list", ParameterType.StringList), Of("map", ParameterType.Map)] };
        var values = Values(new { key = "k", list = new[] { "a" }, map = new { A = "a" } });
        FluentActions.Invoking(() => Render(item, values, element)).Should().Throw<InvalidOperationException>();
    }

    [Fact]
    public void Render_Secret_ReachesEnvironmentAndFiles()
    {
        var item = Item() with
        {
            Parameters = [Of("key", ParameterType.Secret)],
            Environment = new Dictionary<string, string> { ["KEY"] = "{{ parameters.key }}" },
            Files = new Dictionary<string, FileSource> { ["key"] = new(null, "key") },
        };
        var rendered = Render(item, Values(new { key = "hunter2" }), "run");
        rendered.Environment["KEY"].Should().Be("hunter2");
        rendered.ParameterFiles["key"].Should().Equal("hunter2"u8.ToArray());
    }

    [Theory]
    [InlineData("plain", false)]
    [InlineData("{{ work }}", false)]
    [InlineData("{\"a\":{{ parameters.n }}}", false)]
    [InlineData("{{ work", true)]
    [InlineData("{{ a b }}", true)]
    [InlineData("{{}}", true)]
    [InlineData("{{ work }} {{ 1 }}", true)]
    public void HasMalformedTemplate_Text_IsSeen(string text, bool malformed) => DeploymentRenderer.HasMalformedTemplate(text).Should().Be(malformed);

    internal static ItemSpec Item() => new()
    {
        Slug = "x",
        Name = "X",
        Kind = Domain.Workloads.WorkloadKind.TrainingRun,
        Category = "c",
        Summary = "s",
        Version = "1.0.0",
        Hardware = ["cpu"],
        Deployments = [],
    };

    internal static ParameterSpec Of(string name, ParameterType type) => new() { Name = name, Type = type };

    private static ParameterValues Values(object values) => new(JsonSerializer.SerializeToElement(values).EnumerateObject().ToDictionary(p => p.Name, p => p.Value));

    private static RenderedDeployment Render(ItemSpec item, ParameterValues values, params string[] command) =>
        DeploymentRenderer.Render(item, new DeploymentSpec { Target = "local", Command = command }, values, Places);
}
