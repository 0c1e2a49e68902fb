using MudBlazor;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Web.Access;
using Portal.Web.Components.Surfaces;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Workloads;

/// <summary>What buttons on any page do with a workload: ask where something is lost, run the use case, say what the page does not show by itself.</summary>
public sealed class WorkloadCommands(
    CurrentActor actors, StopWorkload stop, StartWorkload start, RestartWorkload restart, ExtendWorkload extend, KeepWorkload keep, DeleteWorkload delete, IDialogService dialogs, ISnackbar snackbar)
{
    public async Task StopAsync(WorkloadRow workload)
    {
        var waiting = workload.StartedAt is null;
        var question = new Confirmation($"{(waiting ? "Cancel" : "Stop")} {workload.Name}?", waiting ? "It leaves the queue. You can start it again." : StopWords(workload), waiting ? "Cancel it" : "Stop")
        {
            Keep = "Keep it", Destructive = false,
        };
        if (await dialogs.ConfirmAsync(question)) await RunAsync(actor => stop.ExecuteAsync(workload.Id, actor, CancellationToken.None));
    }

    public Task StartAsync(WorkloadRow workload) => RunAsync(actor => start.ExecuteAsync(workload.Id, actor, CancellationToken.None));

    public async Task RestartAsync(WorkloadRow workload)
    {
        var question = new Confirmation($"Restart {workload.Name}?", "The running program ends and a new attempt begins. Files, checkpoints and artifacts stay; what is only in memory is lost.", "Restart") { Destructive = false };
        if (!workload.Phase.IsRunningNow() || await dialogs.ConfirmAsync(question)) await RunAsync(actor => restart.ExecuteAsync(workload.Id, actor, CancellationToken.None));
    }

    public Task ExtendAsync(WorkloadRow workload, TimeSpan by) => RunAsync(actor => extend.ExecuteAsync(workload.Id, by, actor, CancellationToken.None), $"Extended by {DurationText.Compact(by)}.");

    public Task KeepAsync(WorkloadRow workload) => RunAsync(actor => keep.ExecuteAsync(workload.Id, actor, CancellationToken.None), $"{workload.Name} is kept.");

    /// <summary>True when the person confirmed and it was accepted.</summary>
    public async Task<bool> DeleteAsync(WorkloadRow workload)
    {
        var question = new Confirmation($"Delete {workload.Name}?", "It is stopped and its storage is removed. Its timeline and costs stay readable. This cannot be undone.", "Delete")
        {
            Lost = ["its working folder and every file in it", "checkpoints and artifacts", "logs but for the last lines"],
        };
        return await dialogs.ConfirmAsync(question) && await RunAsync(actor => delete.ExecuteAsync(workload.Id, actor, CancellationToken.None));
    }

    private static string StopWords(WorkloadRow workload) => workload.Kind == Domain.Workloads.WorkloadKind.TrainingRun
        ? "It gets time to save a checkpoint, then it ends. Starting it again resumes from there."
        : "Running kernels and processes end; files in its folder stay. You can start it again.";

    private async Task<bool> RunAsync(Func<Actor, Task<WorkloadOutcome>> use, string? done = null)
    {
        switch (await use(await actors.GetAsync()))
        {
            case WorkloadOutcome.Accepted:
                if (done is not null) snackbar.Add(done, Severity.Success);
                return true;
            case WorkloadOutcome.Forbidden forbidden:
                snackbar.Add(forbidden.Reason, Severity.Warning);
                return false;
            case WorkloadOutcome.Conflict conflict:
                snackbar.Add(conflict.Reason, Severity.Warning);
                return false;
            case WorkloadOutcome.Invalid invalid:
                snackbar.Add(string.Join(" ", invalid.Errors.SelectMany(e => e.Value)), Severity.Warning);
                return false;
            default:
                snackbar.Add("It is not there any more, or not yours to see.", Severity.Warning);
                return false;
        }
    }
}

internal static class PhaseFacts
{
    /// <summary>A program may be running now.</summary>
    public static bool IsRunningNow(this Domain.Workloads.WorkloadPhase phase) => phase is Domain.Workloads.WorkloadPhase.Running or Domain.Workloads.WorkloadPhase.Starting or Domain.Workloads.WorkloadPhase.Stopping;
}
