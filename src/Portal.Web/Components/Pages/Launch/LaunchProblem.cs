using Portal.Web.Components.Values;

namespace Portal.Web.Components.Pages.Launch;

/// <summary>Why a try to launch did not launch, in words.</summary>
/// <param name="Relaunch">Trying again launches; otherwise it only looks at the offers anew.</param>
public sealed record LaunchProblem(Tone Tone, string Title, string Words, bool Relaunch)
{
    public static LaunchProblem DatabaseAway { get; } = new(Tone.Failed, "The database cannot be reached.", "Whether it was launched is not known yet. Trying again is safe: this form launches one workload at most.", true);
}
