using System.Text;
using System.Text.Json;
using AwesomeAssertions;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;
using Xunit;

namespace Portal.Domain.Tests.Catalog;

public sealed class ParameterValidationTests
{
    private const string Uuid = "0198c1de-0000-7000-8000-000000000001";

    private static readonly ParameterSpec Steps = new() { Name = "steps", Type = ParameterType.Integer, DefaultJson = "500", Constraints = new() { Min = 10, Max = 100000 } };

    [Theory]
    [InlineData(ParameterType.Integer, "5", "must be an integer from 10 to 100000; got 5")]
    [InlineData(ParameterType.Integer, "10.5", "must be an integer from 10 to 100000; got 10.5")]
    [InlineData(ParameterType.Integer, "1e300", "must be an integer from 10 to 100000; got 1e300")]
    [InlineData(ParameterType.Integer, "\"50\"", "must be an integer from 10 to 100000; got the text \"50\"")]
    [InlineData(ParameterType.Integer, "[50]", "must be an integer from 10 to 100000; got a list")]
    [InlineData(ParameterType.Number, "100000.5", "must be a number from 10 to 100000; got 100000.5")]
    [InlineData(ParameterType.Number, "true", "must be a number from 10 to 100000; got true")]
    [InlineData(ParameterType.Boolean, "\"yes\"", "must be true or false; got the text \"yes\"")]
    [InlineData(ParameterType.Boolean, "1", "must be true or false; got 1")]
    [InlineData(ParameterType.Enum, "\"gren\"", "must be one of red, green; got \"gren\". Did you mean \"green\"?")]
    [InlineData(ParameterType.Enum, "5", "must be one of red, green; got 5")]
    [InlineData(ParameterType.String, "5", "must be text of 2 to 4 characters matching [a-z]+; got 5")]
    [InlineData(ParameterType.String, "\"a\"", "must be text of 2 to 4 characters matching [a-z]+; got 1 character")]
    [InlineData(ParameterType.String, "\"abcde\"", "must be text of 2 to 4 characters matching [a-z]+; got 5 characters")]
    [InlineData(ParameterType.String, "\"ab9\"", "must be text of 2 to 4 characters matching [a-z]+; got \"ab9\"")]
    [InlineData(ParameterType.String, "\"abc\\n\"", "must be text of 2 to 4 characters matching [a-z]+; got \"abc\\n\"")]
    [InlineData(ParameterType.Duration, "\"8h\"", "must be an ISO 8601 duration such as PT30S, PT15M, PT8H or P7D from PT10S to P1DT3H46M40S; got \"8h\"")]
    [InlineData(ParameterType.Duration, "\"PT5S\"", "must be an ISO 8601 duration such as PT30S, PT15M, PT8H or P7D from PT10S to P1DT3H46M40S; got \"PT5S\"")]
    [InlineData(ParameterType.StringList, "\"a\"", "must be a list of text with at most 2 elements; got the text \"a\"")]
    [InlineData(ParameterType.StringList, "[\"ab\",\"ab\",\"ab\"]", "must be a list of text with at most 2 elements; got 3")]
    [InlineData(ParameterType.StringList, "[\"ab\", 5]", "element 2: must be text; got 5")]
    [InlineData(ParameterType.StringList, "[null]", "element 1: must be text; got nothing")]
    [InlineData(ParameterType.StringList, "[\"ab\", \"9\"]", "element 2: must be text of 2 to 4 characters matching [a-z]+; got 1 character")]
    [InlineData(ParameterType.Map, "[]", "must be an object of text values by name with at most 2 entries; got a list")]
    [InlineData(ParameterType.Map, "{\"A\": 1}", "\"A\": must be text; got 1")]
    [InlineData(ParameterType.Map, "{\"A\": \"ab\", \"A\": \"ab\"}", "\"A\" is given more than once")]
    [InlineData(ParameterType.Map, "{\"\": \"ab\"}", "the name \"\" is empty")]
    [InlineData(ParameterType.Run, "\"run-7\"", "must be the id of a finished run (a UUID); got \"run-7\"")]
    [InlineData(ParameterType.Artifact, "\"{0198c1de-0000-7000-8000-000000000001}\"", "must be the id of an artifact (a UUID); got \"{0198c1de-0000-7000-8000-000000000001}\"")]
    public void Value_Wrong_SaysWhatIsAllowedAndWhatItGot(ParameterType type, string json, string message) =>
        Errors(Constrained(type), json).Should().Equal(message);

    [Theory]
    [InlineData(ParameterType.Integer, "10", "10")]
    [InlineData(ParameterType.Integer, "1e3", "1000")]
    [InlineData(ParameterType.Integer, "50.0", "50")]
    [InlineData(ParameterType.Number, "10.10", "10.10")]
    [InlineData(ParameterType.Boolean, "false", "false")]
    [InlineData(ParameterType.Enum, "\"red\"", "\"red\"")]
    [InlineData(ParameterType.String, "\"abcd\"", "\"abcd\"")]
    [InlineData(ParameterType.Duration, "\"PT10S\"", "\"PT10S\"")]
    [InlineData(ParameterType.StringList, "[]", "[]")]
    [InlineData(ParameterType.StringList, "[\"ab\",\"cd\"]", "[\"ab\",\"cd\"]")]
    [InlineData(ParameterType.Map, "{\"x y\":\"ab\"}", "{\"x y\":\"ab\"}")]
    [InlineData(ParameterType.Run, "\"" + Uuid + "\"", "\"" + Uuid + "\"")]
    public void Value_Right_ComesBackInItsNormalForm(ParameterType type, string json, string normal)
    {
        var (value, errors) = ParameterValidation.Check(Constrained(type), Json(json));
        errors.Should().BeEmpty();
        value!.Value.GetRawText().Should().Be(normal);
    }

    [Fact]
    public void Secret_Wrong_IsNotRepeated()
    {
        var secret = new ParameterSpec { Name = "key", Type = ParameterType.Secret, Constraints = new() { Pattern = "sk-[a-z]+" } };
        string.Join(' ', Errors(secret, "\"hunter2\"").Concat(Errors(secret, "4711"))).Should().NotContain("hunter2").And.NotContain("4711").And.Contain("sk-[a-z]+");
    }

    [Theory]
    [InlineData("\"ab\\u0000c\"", "contains a NUL character at position 3; no program can be given one")]
    [InlineData("\"a\\nb\\u0000\"", "contains a NUL character at line 2, column 2; no program can be given one")]
    [InlineData("\"a\\ud83d\"", "contains half a character (the lone surrogate U+D83D) at position 2")]
    [InlineData("\"a\\ud83d\\t\\ude00\"", "contains half a character (the lone surrogate U+D83D) at position 2")]
    [InlineData("\"\\ude00\\ud83d\"", "contains half a character (the lone surrogate U+DE00) at position 1")]
    public void Text_NulOrLoneSurrogate_IsRefusedWithItsPlace(string json, string message)
    {
        Errors(new ParameterSpec { Name = "t", Type = ParameterType.Text }, json).Should().Equal(message);
        Errors(new ParameterSpec { Name = "t", Type = ParameterType.StringList }, $"[\"x\", {json}]").Should().Equal($"element 2: {message}");
        Errors(new ParameterSpec { Name = "t", Type = ParameterType.Map }, $"{{\"x\": {json}}}").Should().Equal($"\"x\": {message}");
    }

    [Fact]
    public void MapName_WithLoneSurrogate_IsRefused() =>
        Errors(new ParameterSpec { Name = "t", Type = ParameterType.Map }, "{\"a\\ud83d\": \"x\"}").Should().ContainSingle().Which.Should().Contain("lone surrogate");

    [Fact]
    public void Text_InvalidUtf8_IsRefused()
    {
        var bytes = new byte[] { (byte)'"', 0xff, (byte)'"' };
        using var document = JsonDocument.Parse(bytes);
        ParameterValidation.Check(new ParameterSpec { Name = "t", Type = ParameterType.Text }, document.RootElement).Errors.Should().Equal("is not valid UTF-8 text");
    }

    [Theory]
    [InlineData("\"; rm -rf / #")]
    [InlineData("$(reboot) `id` ${HOME} %PATH% \\ ' \" \r\n\t\u001b[31m\u007f")]
    [InlineData("{{ credential }} {{ parameters.t }}")]
    [InlineData("\u202e\ufeff\u200b e\u0301 é 👩‍👩‍👧 \ud83d\ude00 \uffff")]
    public void Text_Anything_ArrivesUnchanged(string text)
    {
        var (values, errors) = ParameterValidation.Validate([new ParameterSpec { Name = "t", Type = ParameterType.String }], JsonSerializer.SerializeToElement(new { t = text }));
        errors.Should().BeEmpty();
        values.ByName["t"].GetString().Should().Be(text);
    }

    [Fact]
    public void Validate_NothingGiven_AppliesDefaultsAndAsksForTheRequired()
    {
        ParameterSpec[] specs = [Steps, new() { Name = "name", Type = ParameterType.String, Required = true }, new() { Name = "note", Type = ParameterType.String }];
        foreach (var given in new JsonElement?[] { null, default(JsonElement), Json("null"), Json("{}"), Json("{\"steps\": null, \"note\": null}") })
        {
            var (values, errors) = ParameterValidation.Validate(specs, given);
            values.ByName.Keys.Should().Equal("steps");
            values.ByName["steps"].GetInt32().Should().Be(500);
            errors.Should().ContainSingle().Which.Should().BeEquivalentTo(KeyValuePair.Create("parameters.name", new[] { "is required: must be text" }));
        }
    }

    [Fact]
    public void Validate_UnknownName_OffersTheNearest()
    {
        var (_, errors) = ParameterValidation.Validate([Steps, new ParameterSpec { Name = "note", Type = ParameterType.String }], Json("{\"step\": 20, \"other\": 1}"));
        errors.Should().BeEquivalentTo(new Dictionary<string, string[]>
        {
            ["parameters.step"] = ["is not a parameter of this item. Did you mean \"steps\"? Allowed: steps, note."],
            ["parameters.other"] = ["is not a parameter of this item. Allowed: steps, note."],
        });
    }

    [Fact]
    public void Validate_SeveralWrong_ReportsAll() =>
        ParameterValidation.Validate([Steps, new ParameterSpec { Name = "flag", Type = ParameterType.Boolean }], Json("{\"steps\": 1, \"flag\": 1, \"x\": 1}")).Errors.Keys
            .Should().BeEquivalentTo("parameters.steps", "parameters.flag", "parameters.x");

    [Fact]
    public void Validate_NotAnObject_SaysSo() =>
        ParameterValidation.Validate([Steps], Json("[1]")).Errors["parameters"].Should().Equal("must be an object of values by parameter name; got a list");

    [Fact]
    public void Validate_NameTwice_IsRefused() => ParameterValidation.Validate([Steps], Json("{\"steps\": 20, \"steps\": 30}")).Errors["parameters.steps"].Should().Equal("is given more than once");

    [Fact]
    public void Validate_ParameterOfTheItemOnly_CannotBeGiven()
    {
        ParameterSpec[] specs = [Steps with { UserFacing = false }];
        ParameterValidation.Validate(specs, Json("{\"steps\": 20}")).Errors["parameters.steps"].Should().ContainSingle().Which.Should().Contain("cannot be changed");
        ParameterValidation.Validate(specs, null).Values.ByName["steps"].GetInt32().Should().Be(500);
    }

    [Fact]
    public void Validate_Values_OutliveTheDocumentTheyCameFrom()
    {
        ParameterValues values;
        using (var document = JsonDocument.Parse("{\"t\": 1.5, \"b\": true}"))
            values = ParameterValidation.Validate([new() { Name = "t", Type = ParameterType.Number }, new() { Name = "b", Type = ParameterType.Boolean }], document.RootElement).Values;
        values.ByName["t"].GetRawText().Should().Be("1.5");
        values.ByName["b"].GetBoolean().Should().BeTrue();
    }

    [Fact]
    public void Pattern_MadeToRunForEver_DoesNot()
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        var spec = new ParameterSpec { Name = "t", Type = ParameterType.String, Constraints = new() { Pattern = "(a+)+b" } };
        Errors(spec, $"\"{new string('a', 50_000)}\"").Should().ContainSingle();
        System.Diagnostics.Stopwatch.GetElapsedTime(started).Should().BeLessThan(TimeSpan.FromSeconds(5));
        ParameterValidation.RefusePattern("(a)\\1").Should().Contain("back-references");
        ParameterValidation.RefusePattern("a|b").Should().BeNull();
    }

    [Fact]
    public void Pattern_WithAlternatives_MatchesTheWholeValue()
    {
        var spec = new ParameterSpec { Name = "t", Type = ParameterType.String, Constraints = new() { Pattern = "a|b" } };
        Errors(spec, "\"b\"").Should().BeEmpty();
        Errors(spec, "\"ab\"").Should().ContainSingle();
    }

    [Theory]
    [InlineData(ParameterType.String, 131_071, true)]
    [InlineData(ParameterType.String, 131_072, false)]
    [InlineData(ParameterType.Secret, 131_072, false)]
    [InlineData(ParameterType.Text, 1_000_000, true)]
    [InlineData(ParameterType.Text, 1_000_001, false)]
    public void Text_AtItsLimit_IsTakenAndBeyondRefused(ParameterType type, int length, bool taken) =>
        Errors(new ParameterSpec { Name = "t", Type = type }, $"\"{new string('x', length)}\"").Should().HaveCount(taken ? 0 : 1);

    [Fact]
    public void Text_Limit_CountsBytesNotCharacters() =>
        Errors(new ParameterSpec { Name = "t", Type = ParameterType.String }, $"\"{string.Concat(Enumerable.Repeat("é", 65_536))}\"").Should().ContainSingle()
            .Which.Should().Be("is too long: 131072 bytes; at most 131071 fit into one command element or environment variable");

    private static ParameterSpec Constrained(ParameterType type) => new()
    {
        Name = "p",
        Type = type,
        Constraints = type switch
        {
            ParameterType.Integer or ParameterType.Number or ParameterType.Duration => new() { Min = 10, Max = 100000 },
            ParameterType.Enum => new() { Values = ["red", "green"] },
            ParameterType.StringList or ParameterType.Map => new() { MinLength = 2, MaxLength = 4, Pattern = "[a-z]+", MaxItems = 2 },
            ParameterType.String => new() { MinLength = 2, MaxLength = 4, Pattern = "[a-z]+" },
            _ => new(),
        },
    };

    private static IReadOnlyList<string> Errors(ParameterSpec spec, string json) => ParameterValidation.Check(spec, Json(json)).Errors;

    private static JsonElement Json(string json) => JsonDocument.Parse(json).RootElement;
}
