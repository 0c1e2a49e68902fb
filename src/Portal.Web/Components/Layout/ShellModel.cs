using Portal.Web.Components.Values;

namespace Portal.Web.Components.Layout;

/// <summary>What the frame shows about the signed-in person and the portal. Cascaded to <see cref="MainLayout"/> by the root; null while it is loaded.</summary>
/// <param name="Teams">Slugs of the person's teams; the switcher appears from two on.</param>
public sealed record ShellModel(string DisplayName, string Email, IReadOnlyList<string> Teams)
{
    /// <summary>The team in force; null means the first.</summary>
    public string? CurrentTeam { get; init; }

    /// <summary>Called with the slug of the chosen team.</summary>
    public Func<string, Task>? ChooseTeam { get; init; }

    /// <summary>Search over everything, in the top bar.</summary>
    public Microsoft.AspNetCore.Components.RenderFragment? Search { get; init; }

    /// <summary>A sentence for everybody, above every page.</summary>
    public string? Announcement { get; init; }

    /// <summary>Beside the entry Approvals: how many wait for the person.</summary>
    public Microsoft.AspNetCore.Components.RenderFragment? WaitingApprovals { get; init; }

    /// <summary>What the person may do with the portal as a whole: entries for it are shown.</summary>
    public Func<Portal.Domain.Access.PortalAction, bool> May { get; init; } = _ => false;

    /// <summary>What stands in the top bar before theme and account, such as the bell.</summary>
    public Microsoft.AspNetCore.Components.RenderFragment? Tools { get; init; }

    /// <summary>Compute targets in a few words, such as <c>All targets healthy</c>; null hides the line.</summary>
    public string? Health { get; init; }

    /// <summary>Running when all is well, Waiting or Failed otherwise.</summary>
    public Tone HealthTone { get; init; } = Tone.Running;
}

/// <summary>An entry of the rail; only pages that exist have one.</summary>
public sealed record RailEntry(string Text, string Href, string Icon, bool Exact = false)
{
    /// <summary>At the end of the entry, such as a count.</summary>
    public Microsoft.AspNetCore.Components.RenderFragment? Badge { get; init; }

    /// <summary>Not a page of this application: opens beside it.</summary>
    public bool External { get; init; }
}
