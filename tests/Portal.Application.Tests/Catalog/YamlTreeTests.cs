using System.Diagnostics;
using System.Text;
using AwesomeAssertions;
using Portal.Application.Catalog.Files;
using Xunit;

namespace Portal.Application.Tests.Catalog;

public sealed class YamlTreeTests
{
    [Theory]
    [InlineData("a: &x [1]\nb: *x", 1, 4, "Anchors")]
    [InlineData("a: *x", 1, 4, "aliases")]
    [InlineData("a: !!str 5", 1, 4, "Tags")]
    [InlineData("a: !python/object:os.system x", 1, 4, "Tags")]
    [InlineData("a: 1\n---\nb: 2", 2, 1, "one document")]
    [InlineData("a: 1\nb: 2\na: 3", 3, 1, "given twice; the first is on line 1")]
    [InlineData("a: {b: 1, b: 2}", 1, 11, "given twice")]
    [InlineData("? [a]\n: b", 1, 1, "key must be plain text")]
    [InlineData("a: [1, 2", 2, 1, "not valid YAML")]
    [InlineData("a:\n\t- x", 1, 1, "not valid YAML")]
    [InlineData("a: \"x\\0y\"", 1, 4, "NUL")]
    [InlineData("", 1, 1, "empty")]
    [InlineData("# nothing\n", 2, 1, "empty")]
    public void Parse_UnsafeOrBrokenText_IsRefusedAtItsPlace(string text, int line, int column, string words)
    {
        var log = new ProblemLog("x.yaml");
        YamlTree.Parse(text, log);
        var problem = log.Problems.Should().ContainSingle().Subject;
        problem.Message.Should().Contain(words);
        (problem.Line, problem.Column).Should().Be((line, column));
    }

    [Fact]
    public void Parse_ExpansionBomb_IsRefusedAtOnce()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 30; i++)
            bomb.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        Refused(bomb.ToString()).Should().Contain("Anchors");
    }

    [Theory]
    [InlineData("[", "Nested too deeply")]
    [InlineData("{a: ", "Nested too deeply")]
    [InlineData("- ", "Nested too deeply")]
    public void Parse_DeepNesting_IsRefusedAtOnce(string piece, string words)
    {
        var started = Stopwatch.GetTimestamp();
        Refused(string.Concat(Enumerable.Repeat(piece, 100_000))).Should().Contain(words);
        Stopwatch.GetElapsedTime(started).Should().BeLessThan(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Parse_TooManyValues_IsRefused() => Refused("[" + string.Concat(Enumerable.Repeat("1,", 60_000)) + "1]").Should().Contain("Too many values");

    [Fact]
    public void Decode_NotUtf8OrTooBig_IsRefused()
    {
        var log = new ProblemLog("x.yaml");
        YamlTree.Decode([0x61, 0xff], log).Should().BeNull();
        YamlTree.Decode(new byte[YamlTree.MaxBytes + 1], log).Should().BeNull();
        log.Problems.Select(p => p.Message).Should().SatisfyRespectively(m => m.Should().Contain("UTF-8"), m => m.Should().Contain("at most"));
    }

    [Fact]
    public void Decode_ByteOrderMark_IsDropped() => YamlTree.Decode([0xef, 0xbb, 0xbf, 0x61], new ProblemLog("x")).Should().Be("a");

    [Fact]
    public void Parse_Scalars_KeepTheirWords()
    {
        var log = new ProblemLog("x.yaml");
        var root = YamlTree.Parse("on: [yes, no, 0x10, 1.10, 007, ~, 'null', \"a\\u263a\"]", log);
        log.Problems.Should().BeEmpty();
        root.Get("on").Items().Cast<ScalarNode>().Select(n => (n.Text, n.IsNull)).Should().Equal(
            ("yes", false), ("no", false), ("0x10", false), ("1.10", false), ("007", false), ("~", true), ("null", false), ("a☺", false));
    }

    private static string Refused(string text)
    {
        var log = new ProblemLog("x.yaml");
        YamlTree.Parse(text, log).Should().BeNull();
        return log.Problems.Should().ContainSingle().Subject.Message;
    }
}
