using Microsoft.AspNetCore.Components;
using Portal.Domain.Catalog;
using Portal.Web.Components.Forms;
using Portal.Web.Components.Values;

namespace Portal.Web.Components.Pages.Launch;

public sealed partial class ParameterInput : IDisposable
{
    private TextArea? _area;
    private bool _revealed;

    [Parameter, EditorRequired] public ParameterField Field { get; set; } = null!;

    /// <summary>What is wrong with it, to be shown.</summary>
    [Parameter] public string? Error { get; set; }

    /// <summary>After the field was written.</summary>
    [Parameter] public EventCallback OnWritten { get; set; }

    private bool IsGroup => Field.Spec.Type is ParameterType.Boolean or ParameterType.Map;

    private bool IsLong => Field.Spec.Type is ParameterType.Text or ParameterType.StringList;

    private bool IsNumber => Field.Spec.Type is ParameterType.Integer or ParameterType.Number;

    private bool Optional => !Field.Spec.Required && Field.Spec.DefaultJson is null;

    private string? Sub => Field.Spec.DefaultJson is not null && !Field.IsDefault ? "changed" : null;

    private string? Placeholder => Field.Spec.Type switch
    {
        ParameterType.Duration => "such as PT30M or PT8H",
        ParameterType.Run or ParameterType.Artifact => "id",
        _ => null,
    };

    private string? Help
    {
        get
        {
            var help = Field.Spec.Help ?? (Field.Spec.Type is ParameterType.Boolean or ParameterType.Enum or ParameterType.Secret ? null : ParameterWords.Allowed(Field.Spec)["must be ".Length..]);
            return Field.Spec.Type == ParameterType.Duration && IsoDuration.TryParse(Field.Text, out var duration) ? $"{DurationText.Precise(duration)}. {help}" : help;
        }
    }

    private IReadOnlyList<Choice<string>> Values
    {
        get
        {
            var known = Field.Spec.Constraints.Values ?? [];
            // A value of a past launch that is no longer allowed is shown, so that its error makes sense.
            var all = Field.Text.Length == 0 || known.Contains(Field.Text) ? known : [.. known, Field.Text];
return WithNone([.. all.Select(v => new Choice<string>(v, v))]);
        }
    }

    private IReadOnlyList<Choice<string>> WithNone(IReadOnlyList<Choice<string>> choices) =>
        Field.Spec.DefaultJson is not null || (Field.Spec.Required && choices.Any(c => c.Value == Field.Text)) ? choices : [new("", Field.Spec.Required ? "Choose…" : "Not set"), .. choices];

    protected override void OnAfterRender(bool firstRender) => Field.Read = _area is { } area ? area.ReadAsync : null;

    public void Dispose() => Field.Read = null;

    private Task WriteAsync(string? text)
    {
        Field.Write(text ?? "");
        return OnWritten.InvokeAsync();
    }
}
