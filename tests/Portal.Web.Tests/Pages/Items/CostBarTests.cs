using AwesomeAssertions;
using Portal.Web.Components.Pages.Items;
using Xunit;

namespace Portal.Web.Tests.Pages.Items;

public sealed class CostBarTests
{
    [Fact]
    public void Of_SpreadCosts_CountsEachOnceAndMarksTheMediansBar()
    {
        var bars = CostBar.Of([0m, 1m, 1.5m, 7m], 1.5m);

        bars.Should().HaveCount(7);
        bars.Select(b => b.Count).Should().Equal(1, 2, 0, 0, 0, 0, 1);
        bars.Single(b => b.HoldsMedian).From.Should().Be(1m);
        bars[^1].To.Should().Be(7m);
    }

    [Fact]
    public void Of_AllFree_PutsThemIntoTheFirstBar() => CostBar.Of([0m, 0m], 0m).Select(b => b.Count).Should().Equal(2, 0, 0, 0, 0, 0, 0);
}
