using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.JSInterop;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Progress;

public partial class LogView : IAsyncDisposable
{
    /// <summary>Wrapped lines have no common height and cannot be virtual: only the last of them are drawn.</summary>
    public const int WrapLimit = 1000;

    private const float RowHeight = 19;

    private ElementReference _box;
    private DotNetObjectReference<LogView>? _self;
    private BrowserSubscription? _follow;
    private List<(LogEntry Line, int Index)> _numbered = [];
    private IReadOnlyList<int> _matches = [];
    private IReadOnlyList<LogEntry>? _seen;
    private int _seenCount;
    private string _term = "";
    private int _at;
    private bool _wrap;
    private bool _following = true;
    private bool _copied;

    /// <summary>All lines, oldest first. The list may be the same one grown, or a new one.</summary>
    [Parameter, EditorRequired] public IReadOnlyList<LogEntry> Lines { get; set; } = [];

    /// <summary>Older lines are gone.</summary>
    [Parameter] public bool Truncated { get; set; }

    /// <summary>What an empty log says.</summary>
    [Parameter] public string Empty { get; set; } = "Nothing has been written yet.";

    /// <summary>Where the whole log can be fetched; without it the lines shown are saved.</summary>
    [Parameter] public string? DownloadHref { get; set; }

    /// <summary>Suggested name of the saved file.</summary>
    [Parameter] public string FileName { get; set; } = "workload.log";

    /// <summary>Height of the lines in px; by default they fill what is left of the screen.</summary>
    [Parameter] public int? Height { get; set; }

    /// <summary>A tail inside a card: no tools, no scrolling of its own.</summary>
    [Parameter] public bool Compact { get; set; }

    [Parameter] public string Label { get; set; } = "Log";

    [Inject] private PortalScript Script { get; set; } = null!;

    [Inject] private BrowserTimeZone TimeZone { get; set; } = null!;

    private string MatchText => _term.Length == 0 ? "" : _matches.Count == 0 ? "No match"
        : string.Create(CultureInfo.InvariantCulture, $"{_at + 1:#,0} of {_matches.Count:#,0}");

    protected override void OnParametersSet()
    {
        if (ReferenceEquals(_seen, Lines) && _seenCount == Lines.Count) return;
        (_seen, _seenCount) = (Lines, Lines.Count);
        _numbered = [.. Lines.Select((line, index) => (line, index))];
        FindAgain();
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (!firstRender || Compact) return;
        _self = DotNetObjectReference.Create(this);
        _follow = await Script.StartAsync("followEnd", _box, _self);
    }

    /// <summary>Called by the browser when the person scrolls away from the end, or back to it.</summary>
    [JSInvokable]
    public Task FollowingChanged(bool following) => InvokeAsync(() =>
    {
        _following = following;
        StateHasChanged();
    });

    public async ValueTask DisposeAsync()
    {
        if (_follow is not null) await _follow.DisposeAsync();
        _self?.Dispose();
        GC.SuppressFinalize(this);
    }

    private Task SearchAsync(ChangeEventArgs e)
    {
        _term = e.Value?.ToString() ?? "";
        _at = 0;
        FindAgain();
        return GoAsync(0);
    }

    private void FindAgain()
    {
        _matches = LogSearch.Matches(Lines, _term);
        _at = Math.Clamp(_at, 0, Math.Max(0, _matches.Count - 1));
    }

    private Task SearchKeyAsync(KeyboardEventArgs e) => e.Key == "Enter" ? GoAsync(e.ShiftKey ? -1 : 1) : Task.CompletedTask;

    private async Task GoAsync(int step)
    {
        if (_matches.Count == 0) return;
        _at = (_at + step + _matches.Count) % _matches.Count;
        _following = false;
        if (_follow is not null) await _follow.InvokeAsync("scrollTo", _matches[_at] * RowHeight);
    }

    private async Task FollowAsync()
    {
        _following = true;
        if (_follow is not null) await _follow.InvokeAsync("follow", true);
    }

    private bool IsCurrent(int index) => _matches.Count > 0 && _matches[_at] == index;

    private string Time(LogEntry line) => TimeZone.Local(line.At).ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    private async Task CopyAsync() => _copied = await Script.InvokeAsync<bool>("copy", AsText());

    private async Task DownloadAsync() => await Script.InvokeAsync<object>("download", FileName, AsText());

    private string AsText()
    {
        var text = new StringBuilder();
        foreach (var line in Lines)
            text.Append(line.At.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)).Append(' ').Append(line.Source).Append(' ').AppendLine(line.Text);
        return text.ToString();
    }
}
