using System.Text.RegularExpressions;
using AwesomeAssertions;
using MudBlazor;
using Portal.Web.Theme;
using Xunit;

namespace Portal.Web.Tests.Components.Theme;

public partial class PortalThemeTests
{
    private static readonly string Root = FindRoot();

    [Theory]
    [InlineData("primary", nameof(Palette.Primary))]
    [InlineData("primary-contrast", nameof(Palette.PrimaryContrastText))]
    [InlineData("background", nameof(Palette.Background))]
    [InlineData("background-gray", nameof(Palette.BackgroundGray))]
    [InlineData("surface", nameof(Palette.Surface))]
    [InlineData("appbar", nameof(Palette.AppbarBackground))]
    [InlineData("drawer", nameof(Palette.DrawerBackground))]
    [InlineData("text", nameof(Palette.TextPrimary))]
    [InlineData("text-secondary", nameof(Palette.TextSecondary))]
    [InlineData("text-disabled", nameof(Palette.TextDisabled))]
    [InlineData("line", nameof(Palette.LinesDefault))]
    [InlineData("line-input", nameof(Palette.LinesInputs))]
    [InlineData("line-table", nameof(Palette.TableLines))]
    [InlineData("row-hover", nameof(Palette.TableHover))]
    [InlineData("success", nameof(Palette.Success))]
    [InlineData("warning", nameof(Palette.Warning))]
    [InlineData("error", nameof(Palette.Error))]
    [InlineData("info", nameof(Palette.Info))]
    [InlineData("spot", nameof(Palette.Tertiary))]
    public void Palette_EachColour_EqualsTheStylesheets(string token, string property)
    {
        var css = Token(token);
        Hex(PortalTheme.Instance.PaletteLight, property).Should().Be(css.Light);
        Hex(PortalTheme.Instance.PaletteDark, property).Should().Be(css.Dark);
    }

    // WCAG 2.2, 1.4.3: 4.5 to 1 for text; relative luminance as defined there.
    [Theory]
    [InlineData("text", "surface")]
    [InlineData("text-secondary", "background")]
    [InlineData("text-secondary", "background-gray")]
    [InlineData("text-muted", "surface")]
    [InlineData("text-muted", "background")]
    [InlineData("text-muted", "log-background")]
    [InlineData("text-muted", "row-hover")]
    [InlineData("text-muted", "primary-tint")]
    [InlineData("primary", "surface")]
    [InlineData("primary", "background")]
    [InlineData("primary", "primary-tint")]
    [InlineData("primary-contrast", "primary")]
    [InlineData("success", "running-tint")]
    [InlineData("warning", "waiting-tint")]
    [InlineData("error", "failed-tint")]
    [InlineData("stopped-text", "stopped-tint")]
    [InlineData("spot", "spot-tint")]
    [InlineData("success", "surface")]
    [InlineData("warning", "primary-tint")]
    [InlineData("error", "log-background")]
    public void Text_OnItsGround_PassesAa(string text, string ground)
    {
        var (lightText, darkText) = Token(text);
        var (lightGround, darkGround) = Token(ground);

        Contrast(lightText, lightGround).Should().BeGreaterThanOrEqualTo(4.5, "{0} on {1}, light", text, ground);
        Contrast(darkText, darkGround).Should().BeGreaterThanOrEqualTo(4.5, "{0} on {1}, dark", text, ground);
    }

    [Fact]
    public void Stylesheets_AnyUrl_IsThePortalsOwn()
    {
        var files = Directory.GetFiles(Path.Combine(Root, "wwwroot"), "*.*", SearchOption.AllDirectories).Where(f => f.EndsWith(".css", StringComparison.Ordinal) || f.EndsWith(".js", StringComparison.Ordinal))
            .Concat(Directory.GetFiles(Path.Combine(Root, "src", "Portal.Web", "Components"), "*.razor*", SearchOption.AllDirectories)).ToList();

        files.Should().NotBeEmpty();
        foreach (var file in files)
            Foreign().Matches(File.ReadAllText(file)).Select(m => m.Value).Where(u => !u.StartsWith("http://www.w3.org/", StringComparison.Ordinal)).Should().BeEmpty("{0} must load nothing from elsewhere", Path.GetFileName(file));
    }

    private static (string Light, string Dark) Token(string name)
    {
        var css = File.ReadAllText(Path.Combine(Root, "wwwroot", "css", "portal.css"));
        var match = Regex.Match(css, $@"--{Regex.Escape(name)}: light-dark\((#[0-9A-F]{{6}}), (#[0-9A-F]{{6}})\);");
        match.Success.Should().BeTrue("portal.css defines --{0}", name);
        return (match.Groups[1].Value, match.Groups[2].Value);
    }

    private static string Hex(Palette palette, string property)
    {
        var color = (MudBlazor.Utilities.MudColor)typeof(Palette).GetProperty(property)!.GetValue(palette)!;
        return color.ToString(MudBlazor.Utilities.MudColorOutputFormats.Hex).ToUpperInvariant();
    }

    private static double Contrast(string one, string other)
    {
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(string hex)
    {
        var parts = new[] { 1, 3, 5 }.Select(i => Convert.ToInt32(hex.Substring(i, 2), 16) / 255d).Select(c => c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4)).ToArray();
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Portal.sln"))) folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The repository's root was not found above the test's folder.");
    }

    [GeneratedRegex(@"https?://[^\s""')]+|url\(""?//[^)]+")]
    private static partial Regex Foreign();
}
