using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Portal.Application.Catalog;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Workloads;
using Portal.Web.Access;
using Portal.Web.Components.Forms;
using Portal.Web.Api;
using Portal.Web.Components.Layout;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Pages.Launch;

/// <summary>One page from choice to launch: the form left, what it means right, and a button that says what happens.</summary>
public sealed partial class LaunchPage : IAsyncDisposable
{
    private readonly PageLife _gone = new();
    private LaunchScript? _script;
    private DotNetObjectReference<LaunchPage>? _self;
    private BrowserSubscription? _key;
    private (string, string?, string?)? _loaded;
    private Stage _stage;
    private LaunchState? _state;
    private IReadOnlyList<ActorTeam> _teams = [];
    private LaunchProblem? _problem;
    private string? _remark;
    private string? _copiedFrom;
    private string? _freeName;
    private string? _focus;
    private string? _priced;
    private bool _launched;
    private string _view = "form";

    [Parameter] public string Slug { get; set; } = "";

    [SupplyParameterFromQuery] private string? Version { get; set; }

    /// <summary>Id of a past workload whose parameters are taken.</summary>
    [SupplyParameterFromQuery] private string? From { get; set; }

    /// <summary>Id of a finished run for an item that works on one.</summary>
    [SupplyParameterFromQuery] private string? Run { get; set; }

    [SupplyParameterFromQuery] private string? Hardware { get; set; }

    [SupplyParameterFromQuery] private string? Target { get; set; }

    [CascadingParameter] private ShellModel? Shell { get; set; }

    [Inject] private PublishedItems Items { get; set; } = null!;

    [Inject] private CatalogQueries Catalog { get; set; } = null!;

    [Inject] private EstimateLaunch Estimate { get; set; } = null!;

    [Inject] private LaunchWorkload Launch { get; set; } = null!;

    [Inject] private WorkloadQueries Workloads { get; set; } = null!;

    [Inject] private FinishedRuns Runs { get; set; } = null!;

    [Inject] private WorkloadDetailQueries Details { get; set; } = null!;

    [Inject] private CurrentActor CurrentActor { get; set; } = null!;

    [Inject] private NavigationManager Navigation { get; set; } = null!;

    [Inject] private BrowserTimeZone TimeZone { get; set; } = null!;

    [Inject] private IJSRuntime Js { get; set; } = null!;

    [Inject] private Microsoft.Extensions.Options.IOptions<Portal.Web.Hosting.PortalOptions> Options { get; set; } = null!;

    private static IReadOnlyList<Choice<string>> Views { get; } = [new("form", "Form"), new("yaml", "As YAML"), new("curl", "As curl")];

    private (string, string?, string?) Wanted => (Slug, Version, From);

    protected override Task OnParametersSetAsync() => _loaded == Wanted ? Task.CompletedTask : LoadAsync();

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _script = new LaunchScript(Js);
            _self = DotNetObjectReference.Create(this);
            _key = await _script.StartAsync("watchLaunchKey", _self);
        }
        if (_focus is not { } id) return;
        _focus = null;
        await FocusAsync(id);
    }

    /// <summary>Called by the browser on Ctrl+Enter.</summary>
    [JSInvokable]
    public Task LaunchByKeyAsync() => InvokeAsync(async () =>
    {
        await LaunchAsync();
        StateHasChanged();
    });

    public async ValueTask DisposeAsync()
    {
        _gone.Dispose();
        if (_key is not null) await _key.DisposeAsync();
        if (_script is not null) await _script.DisposeAsync();
        _self?.Dispose();
    }

    private async Task ShowAsync(string view)
    {
        // Long texts stay in the browser until they are asked for.
        await _state!.Form.ReadAsync();
        _view = view;
    }

    private void Changed() => _problem = null;

    /// <summary>Those that say how many replicas there are change what it costs.</summary>
    private Task ParameterChangedAsync()
    {
        Changed();
        return _state!.Form.Draft()?.GetRawText() == _priced ? Task.CompletedTask : GuardAsync(ReadOffersAsync);
    }

    private Task ChooseTeamAsync(string team)
    {
        _state!.Form.SetTeam(team);
        return GuardAsync(async actor =>
        {
            _state.Form.SuggestName(await Workloads.FreeNameAsync(Slug, team, actor, _gone.Token));
            await ReadOffersAsync(actor);
        });
    }

    private Task ChooseHardwareAsync(string hardware)
    {
        var (form, offers) = (_state!.Form, _state.Offers);
        form.SetHardware(hardware);
        var best = offers.Best(hardware, form.Target, form.Capacity) ?? offers.Best(hardware, null, null);
        return ChoosePlaceAsync(best?.Offer.Target ?? form.Target, best is null || form.Capacity == CapacityType.SpotWithFallback ? form.Capacity : best.Offer.Capacity);
    }

    private Task ChoosePlaceAsync(string? target, CapacityType? capacity)
    {
        var form = _state!.Form;
        form.SetPlace(target, capacity ?? _state.Offers.Best(form.Hardware, target, null)?.Offer.Capacity);
        _problem = null;
        Navigation.NavigateTo(Navigation.GetUriWithQueryParameters(new Dictionary<string, object?> { ["hardware"] = form.Hardware, ["target"] = target }), replace: true);
        return GuardAsync(ReadRulingAsync);
    }

    private Task ChooseLifetimeAsync(string word)
    {
        _state!.Form.SetLifetime(LifetimeChoices.Read(word));
        return GuardAsync(ReadRulingAsync);
    }

    private Task RefreshAsync() => GuardAsync(ReadOffersAsync);

    private async Task RetryAsync()
    {
        var launch = _problem?.Relaunch == true;
        await RefreshAsync();
        if (launch && _problem is null) await LaunchAsync();
    }

    private async Task ReadOffersAsync(Actor actor)
    {
        var form = _state!.Form;
        _priced = form.Draft()?.GetRawText();
        _state = _state with { Offers = await LaunchOffers.ReadAsync(Estimate, Catalog, form.Item, form.Team, form.Draft(), actor, _gone.Token) };
        await ReadRulingAsync(actor);
    }

    /// <summary>Asks the policies about the form as it is, before the button is pressed.</summary>
    private async Task ReadRulingAsync(Actor actor)
    {
        var form = _state!.Form;
        var asked = new LaunchRequest { Item = form.Item.Slug, Version = form.Item.Version, Team = form.Team, Hardware = form.Hardware, Target = form.Target, Capacity = form.Capacity?.ToWord(), Lifetime = form.ToRequest().Lifetime, Draft = form.Draft() };
        var outcome = await Estimate.ExecuteAsync(asked, actor, _gone.Token);
        var estimated = outcome as EstimateLaunch.Outcome.Estimated;
        if (_state is not null) _state = _state with { Ruling = estimated?.Ruling, Budget = estimated?.Budget, LeftAfter = estimated?.LeftAfter };
    }

    private async Task FocusAsync(string id)
    {
        if (_script is not null) await _script.InvokeAsync<object>("focusField", id);
    }

    private async Task GuardAsync(Func<Actor, Task> act)
    {
        _problem = null;
        try
        {
            await act(await CurrentActor.GetAsync(_gone.Token));
        }
        catch (OperationCanceledException) when (_gone.IsOver)
        {
            // The page is gone.
        }
        catch (SignedOutException)
        {
            Navigation.NavigateTo("/sign-in", forceLoad: true);
        }
        catch (Exception exception) when (ApiProblems.IsDatabaseDown(exception))
        {
            _problem = LaunchProblem.DatabaseAway;
        }
    }
}
