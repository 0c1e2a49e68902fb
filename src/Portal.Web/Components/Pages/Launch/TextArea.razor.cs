using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Components;
using Microsoft.JSInterop;
using Portal.Domain.Catalog;

namespace Portal.Web.Components.Pages.Launch;

public sealed partial class TextArea : IAsyncDisposable
{
    // UTF-8 takes up to three bytes a UTF-16 code unit.
    private const long MaxBytes = 3L * ParameterValidation.MaxTextLength + 4;

    private LaunchScript? _script;
    private DotNetObjectReference<TextArea>? _self;
    private BrowserSubscription? _watch;
    private ElementReference _area;
    private string _initial = "";
    private string _inBrowser = "";
    private bool _expanded;
    private bool _drawn;
    private int _shownRevision;

    [Parameter, EditorRequired] public string Id { get; set; } = "";

    [Parameter, EditorRequired] public string Value { get; set; } = "";

    [Parameter] public EventCallback<string> ValueChanged { get; set; }

    [Parameter] public bool Invalid { get; set; }

    [Parameter] public int Rows { get; set; } = 10;

    [Parameter] public string? Placeholder { get; set; }

    /// <summary>Counts elements, one a line, instead of characters.</summary>
    [Parameter] public bool CountLines { get; set; }

    /// <summary>Counts changes from elsewhere; each is shown even when the text handed over last is the same.</summary>
    [Parameter] public int Revision { get; set; }

    [Inject] private IJSRuntime Js { get; set; } = null!;

    private string Count => CountLines
        ? Words(Value.Split('\n').Count(l => l.Trim('\r').Length > 0), "entry", "entries")
        : Words(Value.Length, "character", "characters");

    protected override void OnInitialized()
    {
        _script = new LaunchScript(Js);
        _initial = _inBrowser = Value;
        _shownRevision = Revision;
    }

    protected override async Task OnAfterRenderAsync(bool firstRender)
    {
        if (firstRender)
        {
            _self = DotNetObjectReference.Create(this);
            _watch = await _script!.StartAsync("watchText", _area, _self);
            _drawn = true;
        }
        if (!_drawn || (_inBrowser == Value && _shownRevision == Revision)) return;
        (_inBrowser, _shownRevision) = (Value, Revision);
        await _script!.InvokeAsync<object>("writeText", _area, Value);
    }

    /// <summary>Called by the browser when the person paused or left the field.</summary>
    [JSInvokable]
    public Task TypedAsync() => InvokeAsync(ReadAsync);

    /// <summary>Takes what stands in the browser now.</summary>
    public async Task ReadAsync()
    {
        if (!_drawn || await _script!.InvokeAsync<IJSStreamReference>("readText", _area) is not { } reference) return;
        string text;
        await using (reference)
        {
            if (reference.Length > MaxBytes) return;
            await using var stream = await reference.OpenReadStreamAsync(MaxBytes);
            using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false);
            // The browser puts one space in front: a stream must not be empty.
            text = (await reader.ReadToEndAsync())[1..];
        }
        if (text == _inBrowser && text == Value) return;
        _inBrowser = text;
        await ValueChanged.InvokeAsync(text);
    }

    public async ValueTask DisposeAsync()
    {
        if (_watch is not null) await _watch.DisposeAsync();
        if (_script is not null) await _script.DisposeAsync();
        _self?.Dispose();
    }

    private static string Words(int count, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{count:#,0} {(count == 1 ? one : many)}");
}
