using Portal.Domain.Workloads;

namespace Portal.Web.Components.Values;

/// <summary>What a colour means. Status hues are used for status only.</summary>
public enum Tone { Neutral, Info, Running, Waiting, Failed, Stopped, Spot }

/// <summary>How phases look and read on every page.</summary>
public static class PhaseLook
{
    public static Tone Tone(WorkloadPhase phase) => phase switch
    {
        WorkloadPhase.Running => Values.Tone.Running,
        WorkloadPhase.Failed or WorkloadPhase.Rejected => Values.Tone.Failed,
        WorkloadPhase.Stopped or WorkloadPhase.Succeeded or WorkloadPhase.Deleted => Values.Tone.Stopped,
        _ => Values.Tone.Waiting,
    };

    /// <summary>The word of the screen, which is friendlier than the API's.</summary>
    public static string Word(WorkloadPhase phase) => phase switch
    {
        WorkloadPhase.PendingApproval => "Needs approval",
        WorkloadPhase.Queued => "Waiting",
        WorkloadPhase.Succeeded => "Finished",
        WorkloadPhase.Rejected => "Denied",
        _ => phase.ToString(),
    };

    /// <summary>True where the portal is at work, which a ring shows; a queue or a person's decision is waited for, which a dot shows.</summary>
    public static bool IsTurning(WorkloadPhase phase) => phase is WorkloadPhase.Placing or WorkloadPhase.Starting or WorkloadPhase.Recovering or WorkloadPhase.Stopping;

    /// <summary>The css word of a tone.</summary>
    public static string Css(this Tone tone) => "tone-" + tone.ToString().ToLowerInvariant();
}
