using AwesomeAssertions;
using Portal.Web.Components.Values;
using Xunit;

namespace Portal.Web.Tests.Components.Values;

public class DurationTextTests
{
    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(66, "66 s")]
    [InlineData(119, "119 s")]
    [InlineData(120, "2 m")]
    [InlineData(11 * 60 + 59, "11 m")]
    [InlineData(5 * 3600 + 48 * 60, "5 h 48 m")]
    [InlineData(12 * 3600, "12 h")]
    [InlineData(42 * 3600, "1 d 18 h")]
    [InlineData(9 * 86400 + 21 * 3600 + 1799, "9 d 21 h")]
    [InlineData(-5, "0 s")]
    public void Compact_AnyLength_ReadsAsTwoUnits(int seconds, string text)
        => DurationText.Compact(TimeSpan.FromSeconds(seconds)).Should().Be(text.Replace(' ', '\u00A0').Replace("\u00A0h\u00A0", "\u00A0h ").Replace("\u00A0d\u00A0", "\u00A0d "));

    [Theory]
    [InlineData(47 * 3600, "1 d 23 h")]
    [InlineData(48 * 3600, "2 d")]
    [InlineData(12 * 86400 + 3600, "12 d")]
    public void Since_FromTwoDays_CountsDaysOnly(int seconds, string text)
        => DurationText.Since(TimeSpan.FromSeconds(seconds)).Replace('\u00A0', ' ').Should().Be(text);

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(182, "182 ms")]
    [InlineData(9_400, "9 s")]
    [InlineData(104_000, "1 min 44 s")]
    [InlineData(120_000, "2 min 0 s")]
    [InlineData(5 * 3_600_000 + 51 * 60_000, "5 h 51 m")]
    public void Precise_AnyLength_KeepsSeconds(int milliseconds, string text)
        => DurationText.Precise(TimeSpan.FromMilliseconds(milliseconds)).Replace('\u00A0', ' ').Should().Be(text);
}
