using System.Text.Json;
using AwesomeAssertions;
using Portal.Domain.Access;
using Portal.Domain.Catalog;
using Portal.Domain.Teams;
using Portal.Domain.Workloads;
using Portal.Web.Components.Pages.Launch;
using Xunit;

namespace Portal.Web.Tests.Pages.Launch;

public sealed class LaunchFormTests
{
    private static readonly ActorTeam Vision = new(Guid.NewGuid(), "vision", "Vision", TeamRole.Member);

    [Fact]
    public void New_Defaults_AreWhatALaunchWithoutAnyWordWouldGet()
    {
        var form = FormOf(Steps, Tags);
        form.SuggestName("demo-01");

        form.Errors.Should().BeEmpty();
        form.IsDefault.Should().BeTrue();
        var request = form.ToRequest();
        (request.Name, request.Team, request.Hardware, request.Version, request.Lifetime).Should().Be(("demo-01", "vision", "cpu-small", "2", TimeSpan.FromHours(8)));
        Given(form).Should().Be("""{"steps":100,"tags":["a","b"]}""");
    }

    [Theory]
    [InlineData("", "Give it a name.")]
    [InlineData("Upper", "1 to 40 characters of a–z, 0–9 and -.")]
    [InlineData("12345678901234567890123456789012345678901", "1 to 40 characters of a–z, 0–9 and -.")]
    public void SetName_NotAllowed_SaysWhatIs(string name, string error)
    {
        var form = FormOf();
        form.SetName(name);

        form.ErrorOf("name").Should().Be(error);
    }

    [Fact]
    public void SuggestName_AfterThePersonChose_ChangesNothing()
    {
        var form = FormOf();
        form.SetName("mine");
        form.SuggestName("other-02");

        form.Name.Should().Be("mine");
    }

    [Theory]
    [InlineData("9", "Must be an integer from 10 to 1000")]
    [InlineData("many", "got the text")]
    public void Write_NumberOutside_IsWrongAtItsFieldUntilItIsRight(string text, string message)
    {
        var form = FormOf(Steps);
        form.SuggestName("demo");
        Write(form, "steps", text);

        form.ErrorOf(Field(form, "steps")).Should().Contain(message);
        form.Errors.Should().ContainSingle().Which.FieldId.Should().Be("parameter-steps");

        Write(form, "steps", "10");
        form.Errors.Should().BeEmpty();
    }

    [Fact]
    public void Write_NumberEmptied_MeansTheDefault()
    {
        var form = FormOf(Steps);
        Write(form, "steps", "");

        Field(form, "steps").Value.Should().BeNull();
        Given(form).Should().Be("{}");
    }

    [Fact]
    public void New_RequiredWithoutDefault_KeepsFromLaunchingButIsNotCalledWrongYet()
    {
        var form = FormOf(Token);
        form.SuggestName("demo");

        form.Errors.Should().ContainSingle().Which.Label.Should().Be("Access key");
        form.ErrorOf(Field(form, "token")).Should().BeNull();

        Write(form, "token", "x");
        Write(form, "token", "");
        form.ErrorOf(Field(form, "token")).Should().StartWith("Is required");
    }

    [Fact]
    public void Errors_OfASecret_NeverRepeatIt()
    {
        var form = FormOf(Token);
        Write(form, "token", "hunter2-hunter2");

        form.ErrorOf(Field(form, "token")).Should().NotBeNull().And.NotContain("hunter2");
    }

    [Fact]
    public void Take_ListThatLinesCannotHold_IsKeptAsItIs()
    {
        var form = FormOf(Tags);
        var value = JsonSerializer.SerializeToElement(new[] { "two\nlines" });
        Field(form, "tags").Take(value);

        Field(form, "tags").IsKept.Should().BeTrue();
        Given(form).Should().Be("""{"tags":["two\nlines"]}""");
    }

    [Fact]
    public void Refuse_ByTheUseCase_StandsAtTheFieldUntilItIsChanged()
    {
        var form = FormOf(Steps);
        form.SuggestName("demo");
        form.Refuse(new Dictionary<string, string[]> { ["name"] = ["It is taken."], ["parameters.steps"] = ["too many for this hardware"], ["tags"] = ["No tags."] });

        form.Errors.Select(e => (e.Key, e.Message, e.FieldId)).Should().Equal(
            ("name", "It is taken.", "launch-name"), ("parameters.steps", "Too many for this hardware", "parameter-steps"), ("tags", "No tags.", null));

        form.SetName("demo-2");
        Write(form, "steps", "20");
        form.Errors.Select(e => e.Key).Should().Equal("tags");
    }

    [Fact]
    public void ResetParameters_AfterChanges_IsDefaultAgainAndTellsLateControls()
    {
        var form = FormOf(Steps, Tags);
        Write(form, "steps", "77");
        var shown = Field(form, "steps").Rewritten;

        form.ResetParameters();

        form.IsDefault.Should().BeTrue();
        Field(form, "steps").Text.Should().Be("100");
        Field(form, "steps").Rewritten.Should().BeGreaterThan(shown);
    }

    [Fact]
    public void ToRequest_Twice_CarriesTheSameRequestId()
    {
        var form = FormOf();

        form.ToRequest().RequestId.Should().Be(form.ToRequest().RequestId).And.NotBe(FormOf().RequestId);
    }

    private static ParameterSpec Steps { get; } = new() { Name = "steps", Type = ParameterType.Integer, DefaultJson = "100", Constraints = new() { Min = 10, Max = 1000 } };

    private static ParameterSpec Tags { get; } = new() { Name = "tags", Type = ParameterType.StringList, DefaultJson = """["a","b"]""" };

    private static ParameterSpec Token { get; } = new() { Name = "token", Label = "Access key", Type = ParameterType.Secret, Required = true, Constraints = new() { MaxLength = 5 } };

    private static LaunchForm FormOf(params ParameterSpec[] parameters) => new(
        new ItemSpec
        {
            Slug = "demo", Name = "Demo", Kind = WorkloadKind.TrainingRun, Category = "training", Summary = "S", Version = "2", Hardware = ["cpu-small", "cpu-tiny"], Parameters = parameters,
            Deployments = [new DeploymentSpec { Target = "local", Command = ["true"] }],
        }, Vision);

    private static ParameterField Field(LaunchForm form, string name) => form.Fields.Single(f => f.Spec.Name == name);

    private static void Write(LaunchForm form, string name, string text)
    {
        Field(form, name).Write(text);
        form.Changed(Field(form, name));
    }

    private static string Given(LaunchForm form) => form.ToRequest().Parameters!.Value.GetRawText();
}
