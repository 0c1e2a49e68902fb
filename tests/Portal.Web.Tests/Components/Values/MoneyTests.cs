using System.Globalization;
using AwesomeAssertions;
using Bunit;
using Portal.Web.Components.Values;
using Xunit;

namespace Portal.Web.Tests.Components.Values;

public class MoneyTests : ComponentTest
{
    [Theory]
    [InlineData("0.6059", "h", null, false, "$0.6059/h")]
    [InlineData("0.6059", "h", 2, false, "$0.61/h")]
    [InlineData("442.4", "month", null, true, "≈ $442/month")]
    [InlineData("4.43", null, null, true, "≈ $4.43")]
    [InlineData("1688.2", null, null, true, "≈ $1,688")]
    [InlineData("3096.4", null, null, false, "$3,096.40")]
    [InlineData("0", null, null, false, "$0.00")]
    [InlineData("0.0001", null, null, false, "<$0.01")]
    [InlineData("0.0024", "h", 2, false, "<$0.01/h")]
    [InlineData("-3.2", null, null, false, "−$3.20")]
    [InlineData("-0.001", null, null, false, "<−$0.01")]
    [InlineData("9999999.99", null, null, false, "$9,999,999.99")]
    [InlineData("12345678", null, null, false, "$12.3M")]
    [InlineData("1234567890123", null, null, false, "$1,234.6B")]
    public void Format_AnyAmount_ReadsAsDesigned(string amount, string? per, int? decimals, bool estimated, string text)
        => MoneyText.Format(decimal.Parse(amount, CultureInfo.InvariantCulture), per, decimals, estimated).Should().Be(text);

    [Fact]
    public void Format_Unknown_IsADash() => MoneyText.Format(null, "h").Should().Be("—");

    [Theory]
    [InlineData("EUR", "€1.50")]
    [InlineData("CHF", "1.50\u00A0CHF")]
    public void Format_OtherCurrency_IsNamed(string currency, string text) => MoneyText.Format(1.5m, currency: currency).Should().Be(text);

    [Fact]
    public void Money_Rounded_TellsTheExactAmountOnHover()
    {
        var money = Render<Money>(p => p.Add(m => m.Amount, 0.60592m).Add(m => m.Per, "h").Add(m => m.Decimals, 2));

        money.Find(".money").TextContent.Should().Be("$0.61/h");
        money.Find(".money").GetAttribute("title").Should().Be("0.60592 USD per hour");
    }
}
