using Portal.Application.Workloads;
using Portal.Domain.Compute;
using Portal.Domain.Workloads;

namespace Portal.Web.Components.Pages.Workloads;

/// <summary>Failure classes in words for people: what it is called and what helps.</summary>
internal static class FailureWords
{
    public static string Title(FailureClass? failure, int? exitCode) => failure switch
    {
        FailureClass.OutOfMemory => "It ran out of memory",
        FailureClass.Crashed => exitCode is { } code ? $"The program ended with exit code {code}" : "The program ended by itself",
        FailureClass.NotReadyInTime => "It did not become ready in time",
        FailureClass.Lost => "It was lost",
        FailureClass.Interrupted => "It was interrupted",
        FailureClass.NoCapacity or FailureClass.QuotaExceeded => "There was no room for it",
        FailureClass.Invalid => "It cannot be started like this",
        FailureClass.Unauthorized => "The portal may not use this target",
        FailureClass.ImagePull => "Its image could not be fetched",
        _ => "It failed",
    };

    public static string Advice(FailureClass? failure) => failure switch
    {
        FailureClass.OutOfMemory => "Choose hardware with more memory; parameters are filled in from this one.",
        FailureClass.NotReadyInTime => "More CPU often helps a slow start; parameters are filled in from this one.",
        FailureClass.Invalid => "The message names what is wrong; parameters are filled in from this one.",
        _ => "Opens the launch form with the parameters of this one.",
    };

    public static string RetryConsequence(WorkloadRow workload) => workload.Kind == WorkloadKind.TrainingRun
        ? "A new attempt with the same parameters; it resumes from its last checkpoint, if it wrote one."
        : "A new attempt with the same parameters and the same folder.";
}
