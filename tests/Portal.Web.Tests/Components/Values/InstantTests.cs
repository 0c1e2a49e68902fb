using AwesomeAssertions;
using Bunit;
using Microsoft.Extensions.DependencyInjection;
using Portal.Web.Components.Values;
using Xunit;

namespace Portal.Web.Tests.Components.Values;

public class InstantTests : ComponentTest
{
    [Theory]
    [InlineData(-1, "just now")]
    [InlineData(-4, "4 s ago")]
    [InlineData(-26 * 60, "26 min ago")]
    [InlineData(-5 * 3600, "5 h ago")]
    [InlineData(-15 * 3600, "yesterday")]
    [InlineData(-2 * 86400, "Sunday")]
    [InlineData(-46 * 86400, "9 Oct")]
    [InlineData(-400 * 86400, "20 Oct 2025")]
    [InlineData(90, "in 90 s")]
    [InlineData(22 * 60, "in 22 min")]
    [InlineData(23 * 3600, "tomorrow 13:32")]
    [InlineData(3 * 86400, "Friday 14:32")]
    [InlineData(30 * 86400, "24 Dec")]
    public void Instant_Relative_ReadsFromNow(int seconds, string text)
        => Read(Render<Instant>(p => p.Add(i => i.Value, Now.AddSeconds(seconds))).Find("time").TextContent).Should().Be(text);

    [Theory]
    [InlineData(InstantMode.Short, -8 * 3600 - 20 * 60, "06:12")]
    [InlineData(InstantMode.Clock, 12 * 3600, "02:32 tomorrow")]
    [InlineData(InstantMode.ClockSeconds, -66, "14:30:54 today")]
    [InlineData(InstantMode.Time, -36, "14:31:24")]
    [InlineData(InstantMode.Left, 42 * 3600, "1 d 18 h")]
    [InlineData(InstantMode.Left, -1, "now")]
    public void Instant_OtherModes_UseTheBrowsersClock(InstantMode mode, int seconds, string text)
        => Read(Render<Instant>(p => p.Add(i => i.Value, Now.AddSeconds(seconds)).Add(i => i.Mode, mode)).Find("time").TextContent).Should().Be(text);

    [Fact]
    public void Instant_Always_CarriesTheExactInstant()
    {
        var time = Render<Instant>(p => p.Add(i => i.Value, Now)).Find("time");

        time.GetAttribute("datetime").Should().Be("2026-11-24T13:32:00Z");
        time.GetAttribute("title").Should().Be("Tuesday 24 November 2026, 14:32:00 (UTC+1)");
    }

    [Fact]
    public void Instant_TimePasses_TextFollows()
    {
        var instant = Render<Instant>(p => p.Add(i => i.Value, Now.AddSeconds(-4)));

        Time.Advance(TimeSpan.FromSeconds(3));

        instant.WaitForAssertion(() => Read(instant.Find("time").TextContent).Should().Be("7 s ago"));
    }

    [Fact]
    public void Instant_Unknown_IsADash() => Render<Instant>(p => p.Add(i => i.Value, null)).Markup.Should().Contain("—");

    [Fact]
    public void BrowserTimeZone_UnknownName_KeepsTheOffset()
    {
        var zone = new BrowserTimeZone();

        zone.Set("Nowhere/Atlantis", 330);

        zone.Local(Now).Offset.Should().Be(TimeSpan.FromMinutes(330));
    }

    [Fact]
    public void BrowserTimeZone_AbsurdOffset_IsClamped()
    {
        var zone = new BrowserTimeZone();

        zone.Set(null, int.MaxValue);

        zone.Local(Now).Offset.Should().Be(TimeSpan.FromHours(14));
    }

    [Fact]
    public async Task LiveClock_LastListenerGone_TicksNoMore()
    {
        var clock = Services.GetRequiredService<LiveClock>();
        var ticks = 0;
        var listener = clock.Listen(() => ticks++);
        Time.Advance(TimeSpan.FromSeconds(2));
        listener.Dispose();

        Time.Advance(TimeSpan.FromSeconds(5));
        await Task.Yield();

        ticks.Should().Be(2);
    }
}
