using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using MudBlazor;
using Portal.Application.Access.Approvals;
using Portal.Domain.Access;
using Portal.Domain.Access.Approvals;
using Portal.Web.Access;
using Portal.Web.Components.Surfaces;
using Portal.Web.Components.Workloads;

namespace Portal.Web.Components.Pages.Approvals;

/// <summary>The inbox: what waits for the person, what they asked, what was decided. j and k move, a approves, d denies.</summary>
public sealed partial class ApprovalsPage : IAsyncDisposable
{
    private readonly PageLoad _load = new();
    private readonly PageLife _gone = new();
    private IReadOnlyList<ApprovalRow> _rows = [];
    private int _waiting;
    private Guid? _selected;
    private string? _loaded;
    private bool _busy;
    private bool _seesTimes;
    private ApprovalDetail? _detail;
    private ApprovalScript? _script;
    private DotNetObjectReference<ApprovalsPage>? _self;
    private BrowserSubscription? _keys;

    [Parameter] public string? Tab { get; set; }

    /// <summary>A request to show first, as links in messages have it.</summary>
    [SupplyParameterFromQuery] private Guid? Id { get; set; }

    [Inject] private ApprovalQueries Approvals { get; set; } = null!;

    [Inject] private DecideApproval Decide { get; set; } = null!;

    [Inject] private WithdrawApproval Withdraw { get; set; } = null!;

    [Inject] private CurrentActor Actors { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private IDialogService Dialogs { get; set; } = null!;

    [Inject] private ISnackbar Snackbar { get; set; } = null!;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    private string Current => Tab is "mine" or "decided" or "delegations" or "times" ? Tab : "waiting";

    private ApprovalRow? Selected => _rows.FirstOrDefault(r => r.Id == _selected) ?? (_rows.Count > 0 ? _rows[0] : null);

    private IReadOnlyList<TabItem> TabItems =>
        [new("waiting", "Waiting for me", "/approvals", _waiting), new("mine", "My requests", "/approvals/mine"), new("decided", "Decided", "/approvals/decided"), new("delegations", "Delegations", "/approvals/delegations"), .. _seesTimes ? [new TabItem("times", "Times", "/approvals/times")] : Array.Empty<TabItem>()];

    private string EmptyTitle => Current switch { "mine" => "You have asked for nothing", "decided" => "Nothing was decided yet", _ => "Nothing waits for you" };

    private string EmptyWords => Current switch
    {
        "mine" => "When a policy asks somebody before a launch, the request and its answer stand here.",
        "decided" => "Requests that you asked or decided stay here with their answers.",
        _ => "Requests come here when a policy asks you: what is asked, why, and what it costs.",
    };

    protected override async Task OnParametersSetAsync()
    {
        if (_loaded == Current) return;
        (_loaded, _selected) = (Current, Id);
        await ReloadAsync();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender) return;
        _script = new ApprovalScript(Js);
        _self = DotNetObjectReference.Create(this);
        _keys = await _script.StartAsync("watchKeys", _self);
    }

    /// <summary>Called by the browser on j, k, a and d outside of fields.</summary>
    [JSInvokable]
    public Task KeyAsync(string key) => InvokeAsync(async () =>
    {
        if (Current is "delegations" or "times" || Selected is not { } row) return;
        var at = _rows.ToList().FindIndex(r => r.Id == row.Id);
        switch (key)
        {
            case "j": Select(_rows[Math.Min(at + 1, _rows.Count - 1)].Id); break;
            case "k": Select(_rows[Math.Max(at - 1, 0)].Id); break;
            case "a" when row.MayDecide && _detail is not null: await DecideAsync((Verdict.Approve, _detail.Comment)); break;
            case "d" when row.MayDecide && _detail is not null: await _detail.DenyAsync(); break;
        }
        StateHasChanged();
    });

    public async ValueTask DisposeAsync()
    {
        _gone.Dispose();
        if (_keys is not null) await _keys.DisposeAsync();
        if (_script is not null) await _script.DisposeAsync();
        _self?.Dispose();
    }

    private void Select(Guid id) => _selected = id;

    private async Task ReloadAsync()
    {
        await _load.RunAsync(async () =>
        {
            var actor = await Actors.GetAsync(_gone.Token);
            var waiting = await Approvals.ListAsync(ApprovalBox.ForMe, actor, _gone.Token);
            _waiting = waiting.Count;
            _seesTimes = actor.May(PortalAction.ReadDecisionTimes);
            _rows = Current switch
            {
                "mine" => await Approvals.ListAsync(ApprovalBox.Mine, actor, _gone.Token),
                "decided" => await Approvals.ListAsync(ApprovalBox.Decided, actor, _gone.Token),
                _ => waiting,
            };
        }, Navigation);
        StateHasChanged();
    }

    private async Task DecideAsync((Verdict Verdict, string? Comment) answer)
    {
        // A second press while the first is under way does nothing.
        if (_busy || Selected is not { } row) return;
        _busy = true;
        try
        {
            var outcome = await Decide.ExecuteAsync(row.Id, answer.Verdict, answer.Comment, row.Revision, await Actors.GetAsync(_gone.Token), _gone.Token);
            if (outcome is ApprovalOutcome.Done done)
            {
                Snackbar.Add(done.State == ApprovalState.Waiting ? $"Noted. {row.Title} needs one more approval." : $"{row.Title} is {done.State.ToString().ToLowerInvariant()}.", Severity.Success);
                // The next one moves up to where this one was.
                var at = _rows.ToList().FindIndex(r => r.Id == row.Id);
                _selected = at + 1 < _rows.Count ? _rows[at + 1].Id : null;
            }
            else Snackbar.Add(Words(outcome), Severity.Warning);
        }
        finally
        {
            _busy = false;
        }
        await ReloadAsync();
    }

    private async Task WithdrawAsync()
    {
        if (Selected is not { } row || !await Dialogs.ConfirmAsync(new Confirmation($"Withdraw {row.Title}?", "Nobody is asked any more. You can ask again.", "Withdraw") { Destructive = false })) return;
        var outcome = await Withdraw.ExecuteAsync(row.Id, await Actors.GetAsync(_gone.Token), _gone.Token);
        if (outcome is not ApprovalOutcome.Done) Snackbar.Add(Words(outcome), Severity.Warning);
        await ReloadAsync();
    }

    private static string Words(ApprovalOutcome outcome) => outcome switch
    {
        ApprovalOutcome.Conflict conflict => conflict.Reason,
        ApprovalOutcome.Forbidden forbidden => forbidden.Reason,
        ApprovalOutcome.Invalid invalid => string.Join(" ", invalid.Errors.SelectMany(e => e.Value)),
        _ => "It is not there any more, or not yours to see.",
    };
}

/// <summary>The page's browser module.</summary>
internal sealed class ApprovalScript(IJSRuntime js) : BrowserModule(js, Module)
{
    /// <summary>Address of the module.</summary>
    public const string Module = "./Components/Pages/Approvals/ApprovalsPage.razor.js";
}
