using AwesomeAssertions;
using Bunit;
using Portal.Web.Components.Charts;
using Xunit;

namespace Portal.Web.Tests.Components.Charts;

public class ChartTests : ComponentTest
{
    [Theory]
    [InlineData(1.52, 3.9, 5, "1.5 2 2.5 3 3.5 4")]
    [InlineData(1, 3.9, 5, "1 2 3 4")]
    [InlineData(0, 97, 5, "0 20 40 60 80 100")]
    [InlineData(0, 0, 5, "0 0.2 0.4 0.6 0.8 1")]
    [InlineData(5, 5, 3, "4.5 5 5.5")]
    [InlineData(-3, 3, 4, "-4 -2 0 2 4")]
    [InlineData(0, 100, 3, "0 50 100")]
    public void ChartScale_AnyRange_IsCoveredByRoundTicks(double min, double max, int wanted, string ticks)
    {
        var values = ChartScale.Covering(min, max, wanted);

        string.Join(' ', values.Select(v => Math.Round(v, 9).ToString(System.Globalization.CultureInfo.InvariantCulture))).Should().Be(ticks);
    }

    [Theory]
    [InlineData(double.NaN, 1)]
    [InlineData(1, double.PositiveInfinity)]
    [InlineData(-1e300, 1e300)]
    [InlineData(1e-300, 2e-300)]
    [InlineData(1e15, 1e15 + 1)]
    public void ChartScale_AbsurdRange_StaysFiniteAndFew(double min, double max)
    {
        var ticks = ChartScale.Covering(min, max, 5);

        ticks.Count.Should().BeInRange(2, 50);
        ticks.Should().OnlyContain(t => double.IsFinite(t));
    }

    [Theory]
    [InlineData(0, 0, "0")]
    [InlineData(2500, 2500, "2,500")]
    [InlineData(15000, 5000, "15k")]
    [InlineData(2400000, 0, "2.4M")]
    [InlineData(0.000059, 0, "5.9e-5")]
    [InlineData(1.5, 0.5, "1.5")]
    [InlineData(1.544, 0, "1.544")]
    public void ChartScale_Text_IsShort(double value, double step, string text) => ChartScale.Text(value, step).Should().Be(text);

    [Fact]
    public void ChartThinning_ManyPoints_KeepsSpikesEndsAndGaps()
    {
        var points = Enumerable.Range(0, 10_000).Select(i => new ChartPoint(i, i == 4321 ? 99 : i == 7000 ? double.NaN : 1)).ToList();

        var thin = ChartThinning.Thin(points, 200);

        thin.Count.Should().BeLessThan(320);
        thin.Should().Contain(p => p.Y == 99).And.Contain(p => double.IsNaN(p.Y));
        thin[0].X.Should().Be(0);
        thin[^1].X.Should().Be(9999);
        thin.Select(p => p.X).Should().BeInAscendingOrder();
    }

    [Fact]
    public void ChartFrame_Gap_BreaksTheLine()
    {
        var frame = new ChartFrame(0, 0, 100, 100, 0, 10, 0, 10);

        frame.Line([new(0, 0), new(5, 10), new(6, double.NaN), new(10, 0)]).Should().Be("M0 100L50 0M100 100");
        frame.Area([new(0, 5), new(10, 5)]).Should().Be("M0 100L0 50L100 50L100 100Z");
    }

    [Fact]
    public void LineChart_Data_IsAnImageWithASummary()
    {
        var chart = Render<LineChart>(p => p.Add(c => c.Label, "Loss by step").Add(c => c.XLabel, "step").Add(c => c.Series,
            [new ChartSeries("train/loss", [new(0, 4), new(100, 2)]), new ChartSeries("val/loss", [new(0, 4.2), new(100, 2.5)]) { Strong = true }]).Add(c => c.Markers, [new ChartMarker(50, "Interrupted")]));

        chart.Find("svg[role=img]").GetAttribute("aria-label").Should().Be("Loss by step. train/loss: 2 values from 2 to 4, last 2. val/loss: 2 values from 2.5 to 4.2, last 2.5. 1 marked: Spot interruption.");
        chart.FindAll("path.line").Select(l => l.GetAttribute("style")).Should().Equal("stroke: var(--chart-1)", "stroke: var(--chart-6)");
        chart.Find(".marker-text").TextContent.Should().Be("Interrupted");
        chart.FindAll(".tick").Select(t => t.TextContent).Should().Contain("step 0");
    }

    [Fact]
    public void LineChart_NoFiniteValue_SaysSo()
        => Render<LineChart>(p => p.Add(c => c.Label, "Loss").Add(c => c.Series, [new ChartSeries("a", [new(0, double.NaN)])])).Find(".empty").TextContent.Should().Be("No values yet.");

    [Fact]
    public void LineChart_NewValue_MovesTheLine()
    {
        var chart = Render<LineChart>(p => p.Add(c => c.Label, "Loss").Add(c => c.Series, [new ChartSeries("a", [new(0, 1), new(1, 2)])]));
        var before = chart.Find("path.line").GetAttribute("d");

        chart.Render(p => p.Add(c => c.Series, [new ChartSeries("a", [new(0, 1), new(1, 2), new(2, 8)])]));

        chart.Find("path.line").GetAttribute("d").Should().NotBe(before);
    }

    [Fact]
    public async Task LineChart_LessRoom_IsDrawnToIt()
    {
        var chart = Render<LineChart>(p => p.Add(c => c.Label, "Loss").Add(c => c.Series, [new ChartSeries("a", [new(0, 1), new(1, 2)])]));

        await chart.Instance.WidthChanged(300);

        chart.Find("svg").GetAttribute("width").Should().Be("300");
    }

    [Fact]
    public void LineChart_AsTable_ListsEveryValue()
    {
        var chart = Render<LineChart>(p => p.Add(c => c.Label, "Loss").Add(c => c.Series, [new ChartSeries("a", [new(0, 1.25), new(1000, 2)])]));

        chart.Find(".as-table").Click();

        chart.FindAll(".chart-table tbody tr").Select(r => Read(string.Join(' ', r.Children.Select(c => c.TextContent)))).Should().Equal("0 1.25", "1,000 2");
    }

    [Fact]
    public void LineChart_OnePoint_IsStillVisible()
        => Render<LineChart>(p => p.Add(c => c.Label, "Loss").Add(c => c.Series, [new ChartSeries("a", [new(7, 3)])])).FindAll("circle").Should().HaveCount(1);

    [Fact]
    public void MiniChart_Time_ShowsStartMiddleAndEnd()
    {
        var start = Now.AddHours(-2).ToUnixTimeSeconds();
        var chart = Render<MiniChart>(p => p.Add(c => c.Title, "CPU").Add(c => c.Value, "94").Add(c => c.MaxY, 100).Add(c => c.Points, [new(start, 10), new(start + 7200, 90)]));

        chart.FindAll(".tick").Select(t => t.TextContent).Should().Equal("0", "50", "100", "12:32", "13:32", "14:32");
    }

    [Fact]
    public void Sparkline_NoValues_DrawsNothing() => Render<Sparkline>(p => p.Add(s => s.Values, [])).FindAll("path").Should().BeEmpty();
}
