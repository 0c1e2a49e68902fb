using System.Text.Json;
using AwesomeAssertions;
using Portal.Domain.Catalog;
using Xunit;

namespace Portal.Domain.Tests.Catalog;

public sealed class CatalogWordsTests
{
    [Theory]
    [InlineData("PT8H", 28800)]
    [InlineData("PT30S", 30)]
    [InlineData("PT0.5S", 0.5)]
    [InlineData("P1DT12H", 129600)]
    [InlineData("P2W", 1209600)]
    [InlineData("PT90M", 5400)]
    [InlineData("PT0S", 0)]
    public void Duration_InIsoForm_IsRead(string text, double seconds)
    {
        IsoDuration.TryParse(text, out var duration).Should().BeTrue();
        duration.TotalSeconds.Should().Be(seconds);
        IsoDuration.TryParse(IsoDuration.Format(duration), out var again).Should().BeTrue();
        again.Should().Be(duration);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1DT")]
    [InlineData("8h")]
    [InlineData("08:00:00")]
    [InlineData("P1M")]
    [InlineData("P1Y")]
    [InlineData("-PT1H")]
    [InlineData("PT-1H")]
    [InlineData("PT1.5H")]
    [InlineData("pt1h")]
    [InlineData("PT1H ")]
    [InlineData("PT1H\n")]
    [InlineData("P99999999D")]
    public void Duration_InAnotherForm_IsNotRead(string? text) => IsoDuration.TryParse(text, out _).Should().BeFalse();

    [Theory]
    [InlineData(28800, "PT8H")]
    [InlineData(5400, "PT1H30M")]
    [InlineData(86400, "P1D")]
    [InlineData(86401.25, "P1DT1.25S")]
    [InlineData(0, "PT0S")]
    public void Duration_Formatted_IsShort(double seconds, string text) => IsoDuration.Format(TimeSpan.FromSeconds(seconds)).Should().Be(text);

    [Theory]
    [InlineData("hardwear", "hardware")]
    [InlineData("Name", "name")]
    [InlineData("nmae", "name")]
    [InlineData("param", "parameters")]
    [InlineData("zzzzzz", null)]
    public void NearestName_Slip_FindsWhatWasMeant(string typed, string? meant) => NearestName.Of(typed, ["name", "hardware", "parameters", "kind"]).Should().Be(meant);

    [Fact]
    public void Quoted_LongOrInvisibleText_StaysOnOneReadableLine()
    {
        Quoted.Text("a\nb\0\ud83d").Should().Be("\"a\\nb\\u0000\\uD83D\"");
        Quoted.Text("👍").Should().Be("\"👍\"");
        Quoted.Text(new string('x', 59) + "👍y").Should().Be($"\"{new string('x', 59)}…\"");
    }

    [Theory]
    [InlineData(ParameterType.Integer, " 42 ", "42")]
    [InlineData(ParameterType.Integer, "007", "7")]
    [InlineData(ParameterType.Number, "3e-4", "3e-4")]
    [InlineData(ParameterType.Number, ".5", "0.5")]
    [InlineData(ParameterType.Number, "many", "\"many\"")]
    [InlineData(ParameterType.Number, "NaN", "\"NaN\"")]
    [InlineData(ParameterType.Number, "", null)]
    [InlineData(ParameterType.Boolean, "true", "true")]
    [InlineData(ParameterType.Boolean, "maybe", "\"maybe\"")]
    [InlineData(ParameterType.String, " a ", "\" a \"")]
    [InlineData(ParameterType.String, "", "\"\"")]
    [InlineData(ParameterType.StringList, "--a\r\n\nb c\n", "[\"--a\",\"b c\"]")]
    [InlineData(ParameterType.StringList, "", "[]")]
    [InlineData(ParameterType.Map, "A=1\nB=x=y\n", "{\"A\":\"1\",\"B\":\"x=y\"}")]
    [InlineData(ParameterType.Map, "A", "\"A\"")]
    [InlineData(ParameterType.Map, "", "{}")]
    [InlineData(ParameterType.Duration, " PT1H ", "\"PT1H\"")]
    [InlineData(ParameterType.Enum, "", null)]
    public void ParameterText_FieldText_BecomesJson(ParameterType type, string text, string? json) =>
        (ParameterText.ToElement(new ParameterSpec { Name = "p", Type = type }, text)?.GetRawText()).Should().Be(json);

    [Theory]
    [InlineData(ParameterType.StringList, "[\"a\",\"b c\"]", "a\nb c")]
    [InlineData(ParameterType.StringList, "[\"a\\nb\"]", null)]
    [InlineData(ParameterType.StringList, "[\"\"]", null)]
    [InlineData(ParameterType.Map, "{\"A\":\"x=y\"}", "A=x=y")]
    [InlineData(ParameterType.Map, "{\"A\":\"x\\ny\"}", null)]
    [InlineData(ParameterType.Integer, "5", "5")]
    [InlineData(ParameterType.Boolean, "true", "true")]
    [InlineData(ParameterType.Text, "\"a\\n\"", "a\n")]
    public void ParameterText_Value_BecomesFieldTextOrNothing(ParameterType type, string json, string? text) =>
        ParameterText.ToText(new ParameterSpec { Name = "p", Type = type }, JsonDocument.Parse(json).RootElement).Should().Be(text);
}
