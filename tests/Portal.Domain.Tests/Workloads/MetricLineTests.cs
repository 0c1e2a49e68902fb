using AwesomeAssertions;
using Portal.Domain.Workloads;
using Xunit;

namespace Portal.Domain.Tests.Workloads;

public sealed class MetricLineTests
{
    [Theory]
    [InlineData("::metric loss=0.5", "loss=0.5@")]
    [InlineData("::metric loss=0.5 step=3", "loss=0.5@3")]
    [InlineData("::metric step=3 loss=0.5 accuracy=0.9", "loss=0.5@3 accuracy=0.9@3")]
    [InlineData("::metric train/loss.mean-1=1e-3 step=12", "train/loss.mean-1=0.001@12")]
    [InlineData("::metric loss=-2 step=1e3", "loss=-2@1000")]
    [InlineData("::metric loss=nan step=1", "")]
    [InlineData("::metric loss=inf acc=1", "acc=1@")]
    [InlineData("::metric loss=0,5", "")]
    [InlineData("::metric loss = 0.5", "")]
    [InlineData("::metric step=4", "")]
    [InlineData("::metric loss=1 step=x", "loss=1@")]
    [InlineData("::metric loss=1 step=1e300", "loss=1@")]
    [InlineData("::metrics loss=1", "")]
    [InlineData(" ::metric loss=1", "")]
    [InlineData("loss=1 step=2", "")]
    [InlineData("::metric", "")]
    [InlineData("", "")]
    public void Parse_Line_GivesItsFiniteNumbers(string line, string expected) =>
        string.Join(' ', MetricLine.Parse(line).Select(m => FormattableString.Invariant($"{m.Name}={m.Value}@{m.Step}"))).Should().Be(expected);

    [Fact]
    public void Parse_NameTooLong_IsLeftOut() =>
        MetricLine.Parse($"::metric {new string('a', MetricLine.MaxNameLength)}=1 {new string('b', MetricLine.MaxNameLength + 1)}=2").Should().ContainSingle().Which.Value.Should().Be(1);

    [Fact]
    public void Parse_LineTooLong_IsNone() => MetricLine.Parse("::metric a=1 " + new string(' ', 4096)).Should().BeEmpty();
}
