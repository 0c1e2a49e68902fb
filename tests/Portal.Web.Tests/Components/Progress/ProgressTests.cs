using AwesomeAssertions;
using Bunit;
using Microsoft.AspNetCore.Components.Web;
using Portal.Web.Components.Progress;
using Portal.Web.Components.Values;
using Xunit;

namespace Portal.Web.Tests.Components.Progress;

public class ProgressTests : ComponentTest
{
    [Fact]
    public void Steps_Each_SaysNameStateDurationAndSentence()
    {
        var steps = Render<Steps>(p => p.Add(s => s.Items,
        [
            new StepItem("Queued", StepState.Done, "Rule 4 allowed it") { Duration = TimeSpan.FromSeconds(2) },
            new StepItem("Starting", StepState.Current, "Pulling image") { StartedAt = Now.AddSeconds(-36), Progress = 0.6 },
            new StepItem("Ready", StepState.Pending, "When the first step is written") { Duration = TimeSpan.FromSeconds(9) },
        ]));

        steps.FindAll("li").Select(Words).Should().Equal("Queued , done 2 s Rule 4 allowed it", "Starting , going on 36 s Pulling image", "Ready , not begun When the first step is written");
        steps.FindAll("[aria-current=step]").Should().ContainSingle().Which.TextContent.Should().Contain("Starting");
        steps.FindAll(".track span").Select(t => t.GetAttribute("style")).Should().Equal("--done: 1", "--done: 0.6");
    }

    [Fact]
    public void Steps_Failed_IsMarkedAndSaid()
        => Words(Render<Steps>(p => p.Add(s => s.Items, [new StepItem("Placing", StepState.Failed, "No room")])).Find("li.failed")).Should().Be("Placing , failed No room");

    [Fact]
    public void Timeline_SeveralDays_HaveHeadings()
    {
        var timeline = Render<Timeline>(p => p.Add(t => t.Items,
            [new TimelineItem("1", Now, "Ready", "97 s after"), new TimelineItem("2", Now.AddDays(-1), "Launched by Lena")]));

        timeline.FindAll(".day").Select(d => d.TextContent).Should().Equal("Tuesday 24 November", "Monday 23 November");
        Read(timeline.Find(".event").TextContent).Should().Be("14:32:00 Ready 97 s after");
    }

    [Fact]
    public void Timeline_OneDay_NeedsNoHeading()
        => Render<Timeline>(p => p.Add(t => t.Items, [new TimelineItem("1", Now, "Ready")])).FindAll(".day").Should().BeEmpty();

    [Fact]
    public void AttemptBars_OpenPart_GrowsToNow()
    {
        var bars = Render<AttemptBars>(p => p.Add(a => a.Items, [new AttemptBar("Attempt 1", null,
            [new AttemptPart(Tone.Waiting, Now.AddMinutes(-10), Now.AddMinutes(-5)), new AttemptPart(Tone.Running, Now.AddMinutes(-5), null, "running")])]));

        bars.FindAll(".part").Select(p => p.GetAttribute("style")).Should().Equal("left: 0%; width: 50%", "left: 50%; width: 50%");
        Time.Advance(TimeSpan.FromMinutes(10));
        bars.WaitForAssertion(() => bars.FindAll(".part")[0].GetAttribute("style").Should().Be("left: 0%; width: 25%"));
    }

    [Fact]
    public void AttemptBars_None_StillDraws() => Render<AttemptBars>(p => p.Add(a => a.Items, [])).FindAll(".part").Should().BeEmpty();

    [Theory]
    [InlineData(6 * 60, 6, "09:00 10:00 11:00 12:00 13:00 14:00")]
    [InlineData(10, 6, "14:22 14:24 14:26 14:28 14:30 14:32")]
    public void TimeTicks_Span_AreRoundOnThePersonsClock(int minutes, int most, string texts)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");

        var ticks = TimeTicks.Between(Now.AddMinutes(-minutes), Now, zone, most);

        string.Join(' ', ticks.Select(t => TimeTicks.Text(TimeZoneInfo.ConvertTime(t, zone), TimeSpan.FromMinutes(minutes)))).Should().Be(texts);
    }

    [Fact]
    public void LogView_FiveThousandLines_DrawsOnlyAFew()
    {
        var lines = Enumerable.Range(0, 5000).Select(i => new LogEntry(Now, "out", $"line {i}")).ToList();

        var log = Render<LogView>(p => p.Add(l => l.Lines, lines));

        log.FindAll(".line").Count.Should().BeLessThan(500);
    }

    [Fact]
    public void LogView_Search_CountsMatchesWithoutRegardToCase()
    {
        var log = Render<LogView>(p => p.Add(l => l.Lines, [new LogEntry(Now, "out", "Loss 3"), new LogEntry(Now, "err", "boom"), new LogEntry(Now, "out", "loss 2, loss 1")]));

        log.Find("input").Input("LOSS");
        log.Find(".matches").TextContent.Should().Be("1 of 2");
        log.Find("input").KeyDown(new KeyboardEventArgs { Key = "Enter" });
        log.Find(".matches").TextContent.Should().Be("2 of 2");
        log.Find("input").Input("absent");
        log.Find(".matches").TextContent.Should().Be("No match");
    }

    [Fact]
    public void LogView_GrowingList_IsShownAndSearchedAgain()
    {
        var lines = new List<LogEntry> { new(Now, "out", "one") };
        var log = Render<LogView>(p => p.Add(l => l.Lines, lines));
        log.Find("input").Input("o");

        lines.Add(new LogEntry(Now, "out", "two"));
        log.Render(p => p.Add(l => l.Lines, lines));

        log.Find(".matches").TextContent.Should().Be("1 of 2");
    }

    [Fact]
    public void LogView_Markup_IsTextOnly()
    {
        var log = Render<LogView>(p => p.Add(l => l.Lines, [new LogEntry(Now, "out", "<img src=x onerror=alert(1)>")]).Add(l => l.Compact, true));

        log.FindAll("img").Should().BeEmpty();
        log.Find(".text").TextContent.Should().Be("<img src=x onerror=alert(1)>");
    }

    [Fact]
    public void LogView_Empty_SaysSo() => Render<LogView>(p => p.Add(l => l.Lines, [])).Find(".none").TextContent.Should().Be("Nothing has been written yet.");

    [Fact]
    public void LogView_Wrapped_DrawsTheLastThousandAtMost()
    {
        var lines = Enumerable.Range(0, 1500).Select(i => new LogEntry(Now, "out", $"line {i}")).ToList();
        var log = Render<LogView>(p => p.Add(l => l.Lines, lines));

        log.Find("[aria-label='Wrap long lines']").Click();

        log.FindAll(".line").Should().HaveCount(LogView.WrapLimit);
        log.FindAll(".text")[^1].TextContent.Should().Be("line 1499");
    }

    [Fact]
    public void LogSearch_Split_MarksEachHit()
        => LogSearch.Split("a loss and LOSS", "loss").Should().Equal(("a ", false), ("loss", true), (" and ", false), ("LOSS", true));
}
