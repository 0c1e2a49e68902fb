using MudBlazor;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Workloads;
using Portal.Web.Access;
using Portal.Web.Components.Surfaces;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Workloads;

/// <summary>What buttons on any page do with a workload: ask where something is lost, run the use case, say what the page does not show by itself.</summary>
public sealed class WorkloadCommands(
    CurrentActor actors, StopWorkload stop, StartWorkload start, RestartWorkload restart, ExtendWorkload extend, KeepWorkload keep, DeleteWorkload delete, OfferWorkload offer, AnswerOffer answers, MoveWorkload move, IDialogService dialogs, ISnackbar snackbar)
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

    /// <summary>Offers it to somebody, or takes it over.</summary>
    public async Task<bool> OfferAsync(WorkloadRow workload, string email, string name, bool isMe)
    {
        var question = isMe
            ? new Confirmation($"Take over {workload.Name}?", $"You own it at once, after {workload.OwnerName}, and its cost counts as yours.", "Take it over") { Destructive = false }
            : new Confirmation($"Offer {workload.Name} to {name}?", "They own it once they accept. Until then nothing changes, and you can take the offer back.", "Offer it") { Destructive = false };
        return await dialogs.ConfirmAsync(question) && await RunAsync(actor => offer.ExecuteAsync(workload.Id, email, actor, CancellationToken.None), isMe ? "It is yours." : $"Offered to {name}.");
    }

    /// <summary>Accepts, declines or takes back an offer.</summary>
    public Task AnswerOfferAsync(WorkloadRow workload, TransferState answer) => RunAsync(actor => answers.ExecuteAsync(workload.Id, answer, actor, CancellationToken.None),
        answer switch { TransferState.Accepted => $"{workload.Name} is yours.", TransferState.Declined => "Declined.", _ => "The offer is taken back." });

    /// <summary>Moves it, after a question where something runs; true when it was accepted or asked for.</summary>
    public async Task<bool> MoveAsync(WorkloadRow workload, MoveWish wish, string reason)
    {
        var question = new Confirmation($"Move {workload.Name}?", "The running program ends and a new attempt begins there. Files, checkpoints and artifacts stay; what is only in memory is lost.", "Move") { Destructive = false };
        if (workload.Phase.IsRunningNow() && !await dialogs.ConfirmAsync(question)) return false;
        var asked = false;
        return await RunAsync(async actor =>
        {
            var outcome = await move.ExecuteAsync(workload.Id, wish, reason.Trim() is { Length: > 0 } why ? why : null, actor, CancellationToken.None);
            asked = outcome is WorkloadOutcome.ApprovalRequired;
            return outcome;
        }, "It moves.") || asked;
    }

    /// <summary>Does something to several at once, after one question that names them; says how many were done and why others were not.</summary>
    public async Task BulkAsync(BulkAction action, IReadOnlyList<WorkloadRow> workloads)
    {
        var chosen = workloads.Where(w => Applies(action, w)).ToList();
        if (chosen.Count == 0 || (action != BulkAction.Extend && !await dialogs.ConfirmAsync(Question(action, chosen)))) return;
        var refused = new List<string>();
        foreach (var workload in chosen)
        {
            var actor = await actors.GetAsync();
            var outcome = await (action switch
            {
                BulkAction.Stop => stop.ExecuteAsync(workload.Id, actor, CancellationToken.None),
                BulkAction.Extend => extend.ExecuteAsync(workload.Id, TimeSpan.FromHours(4), actor, CancellationToken.None),
                _ => delete.ExecuteAsync(workload.Id, actor, CancellationToken.None),
            });
            if (outcome is not WorkloadOutcome.Accepted) refused.Add($"{workload.Name}: {Refusal(outcome)}");
        }
        var done = chosen.Count - refused.Count;
        if (done > 0) snackbar.Add($"{done} {(action switch { BulkAction.Stop => "asked to stop", BulkAction.Extend => "extended by 4 h", _ => "asked to be deleted" })}.", Severity.Success);
        if (refused.Count > 0) snackbar.Add(string.Join(" ", refused), Severity.Warning);
    }

    /// <summary>True when an action makes sense for a workload and the person may do it.</summary>
    public static bool Applies(BulkAction action, WorkloadRow w) => (action == BulkAction.Delete ? w.MayChange : w.MayOperate) && action switch
    {
        BulkAction.Stop => w.Phase.IsActive() && w.Phase != WorkloadPhase.Stopping,
        BulkAction.Extend => w.Phase.IsActive() && w.ExpiresAt is not null,
        _ => w.MayChange && w.Phase != WorkloadPhase.Deleted,
    };

    private static Confirmation Question(BulkAction action, IReadOnlyList<WorkloadRow> chosen)
    {
        var names = chosen.Take(8).Select(w => w.Name).Concat(chosen.Count > 8 ? [$"and {chosen.Count - 8} more"] : []).ToList();
        return action == BulkAction.Stop
            ? new Confirmation($"Stop {chosen.Count} workloads?", "Runs save a checkpoint first; files stay. Each can be started again.", $"Stop {chosen.Count}") { Lost = names, Destructive = false }
            : new Confirmation($"Delete {chosen.Count} workloads?", "They are stopped and their storage is removed. Timelines and costs stay readable. This cannot be undone.", $"Delete {chosen.Count}") { Lost = names };
    }

    private static string StopWords(WorkloadRow workload) => workload.Kind == WorkloadKind.TrainingRun
        ? "It gets time to save a checkpoint, then it ends. Starting it again resumes from there."
        : "Running kernels and processes end; files in its folder stay. You can start it again.";

    private async Task<bool> RunAsync(Func<Actor, Task<WorkloadOutcome>> use, string? done = null)
    {
        var outcome = await use(await actors.GetAsync());
        if (outcome is WorkloadOutcome.ApprovalRequired asked) snackbar.Add($"Asked {asked.Who}. It goes on by itself once they agree.", Severity.Info);
        else if (outcome is not WorkloadOutcome.Accepted) snackbar.Add(Refusal(outcome), Severity.Warning);
        else if (done is not null) snackbar.Add(done, Severity.Success);
        return outcome is WorkloadOutcome.Accepted;
    }

    private static string Refusal(WorkloadOutcome outcome) => outcome switch
    {
        WorkloadOutcome.Forbidden forbidden => forbidden.Reason,
        WorkloadOutcome.Conflict conflict => conflict.Reason,
        WorkloadOutcome.Denied denied => $"{denied.Reason} (rule “{denied.Rule}”)",
        WorkloadOutcome.ApprovalRequired asked => $"asked {asked.Who}.",
        WorkloadOutcome.Invalid invalid => string.Join(" ", invalid.Errors.SelectMany(e => e.Value)),
        _ => "It is not there any more, or not yours to see.",
    };
}

/// <summary>What can be done to several workloads at once.</summary>
public enum BulkAction { Stop, Extend, Delete }

internal static class PhaseFacts
{
    /// <summary>A program may be running now.</summary>
    public static bool IsRunningNow(this WorkloadPhase phase) => phase is WorkloadPhase.Running or WorkloadPhase.Starting or WorkloadPhase.Stopping;
}
