using MudBlazor;

namespace Portal.Web.Theme;

/// <summary>The portal's MudBlazor theme. The same colours stand in <c>wwwroot/css/portal.css</c> for what is drawn without MudBlazor; a test keeps both equal.</summary>
public static class PortalTheme
{
    private static readonly string[] Sans = ["Inter Variable", "system-ui", "sans-serif"];

    /// <summary>The one instance; MudBlazor only reads it.</summary>
    public static MudTheme Instance { get; } = new()
    {
        PaletteLight = Light(),
        PaletteDark = Dark(),
        Typography = Type(),
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "6px", DrawerWidthLeft = "216px", AppbarHeight = "48px" },
    };

    private static PaletteLight Light() => new()
    {
        Primary = "#2458D3", PrimaryContrastText = "#FFFFFF", Secondary = "#4A5462", SecondaryContrastText = "#FFFFFF",
        Tertiary = "#6236C4", TertiaryContrastText = "#FFFFFF", Info = "#2458D3", InfoContrastText = "#FFFFFF",
        Success = "#16713F", SuccessContrastText = "#FFFFFF", Warning = "#8A5300", WarningContrastText = "#FFFFFF",
        Error = "#B3261E", ErrorContrastText = "#FFFFFF", Dark = "#171B22", DarkContrastText = "#FFFFFF",
        Background = "#F6F7F9", BackgroundGray = "#EEF0F3", Surface = "#FFFFFF",
        AppbarBackground = "#FFFFFF", AppbarText = "#171B22", DrawerBackground = "#FBFBFC", DrawerText = "#4A5462", DrawerIcon = "#4A5462",
        TextPrimary = "#171B22", TextSecondary = "#4A5462", TextDisabled = "#9AA3AF", ActionDefault = "#4A5462",
        ActionDisabled = "#9AA3AF", ActionDisabledBackground = "#EEF0F3",
        LinesDefault = "#E2E5EA", Divider = "#E2E5EA", LinesInputs = "#BFC6D0", TableLines = "#ECEEF1", TableHover = "#F6F8FB",
        HoverOpacity = 0.05,
    };

    private static PaletteDark Dark() => new()
    {
        Primary = "#82AAFF", PrimaryContrastText = "#0B1220", Secondary = "#AAB3BF", SecondaryContrastText = "#0B1220",
        Tertiary = "#BBA4FF", TertiaryContrastText = "#0B1220", Info = "#82AAFF", InfoContrastText = "#0B1220",
        Success = "#5CCB95", SuccessContrastText = "#0B1220", Warning = "#EBBB5B", WarningContrastText = "#0B1220",
        Error = "#FF9489", ErrorContrastText = "#0B1220", Dark = "#E6E9ED", DarkContrastText = "#0B1220",
        Background = "#0F1216", BackgroundGray = "#1E232A", Surface = "#171B21",
        AppbarBackground = "#12151A", AppbarText = "#E6E9ED", DrawerBackground = "#12151A", DrawerText = "#AAB3BF", DrawerIcon = "#AAB3BF",
        TextPrimary = "#E6E9ED", TextSecondary = "#AAB3BF", TextDisabled = "#5E6875", ActionDefault = "#AAB3BF",
        ActionDisabled = "#5E6875", ActionDisabledBackground = "#1E232A",
        LinesDefault = "#2A3039", Divider = "#2A3039", LinesInputs = "#434C59", TableLines = "#232932", TableHover = "#1C2128",
        HoverOpacity = 0.06,
    };

    private static Typography Type() => new()
    {
        Default = Role<DefaultTypography>(14, 20, 400),
        H1 = Role<H1Typography>(20, 28, 600),
        H2 = Role<H2Typography>(15, 22, 600),
        H3 = Role<H3Typography>(14, 20, 600),
        H4 = Role<H4Typography>(24, 30, 600),
        H5 = Role<H5Typography>(18, 24, 600),
        H6 = Role<H6Typography>(14, 20, 600),
        Body1 = Role<Body1Typography>(14, 20, 400),
        Body2 = Role<Body2Typography>(13, 18, 400),
        Subtitle1 = Role<Subtitle1Typography>(14, 20, 500),
        Subtitle2 = Role<Subtitle2Typography>(13, 18, 500),
        Caption = Role<CaptionTypography>(12, 16, 400),
        Button = Role<ButtonTypography>(13, 20, 500),
    };

    private static T Role<T>(int size, int line, int weight) where T : BaseTypography, new() => new()
    {
        FontFamily = Sans,
        FontSize = FormattableString.Invariant($"{size}px"),
        LineHeight = FormattableString.Invariant($"{line}px"),
        FontWeight = FormattableString.Invariant($"{weight}"),
        LetterSpacing = "normal",
        TextTransform = "none",
    };
}
