namespace Portal.Web.Components.Forms;

/// <summary>The keyboard of a radio group: one tab stop, arrows choose the next option that can be chosen, Home and End the ends.</summary>
internal static class RadioGroup
{
    /// <summary>The option to go to from <paramref name="current"/>, or null when the key means nothing here.</summary>
    public static int? Next(string key, int current, int count, Func<int, bool> enabled)
    {
        var step = key switch { "ArrowRight" or "ArrowDown" => 1, "ArrowLeft" or "ArrowUp" => -1, "Home" => 1, "End" => -1, _ => 0 };
        if (step == 0 || count == 0) return null;
        var at = key switch { "Home" => -1, "End" => count, _ => current };
        for (var tried = 0; tried < count; tried++)
        {
            at = (at + step + count) % count;
            if (enabled(at)) return at;
        }
        return null;
    }
}
