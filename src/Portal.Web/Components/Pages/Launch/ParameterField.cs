using System.Text.Json;
using Portal.Domain.Catalog;
using Portal.Web.Components.Forms;

namespace Portal.Web.Components.Pages.Launch;

/// <summary>One parameter on the launch form: what its field holds. What is wrong with it is found by <see cref="LaunchForm"/>.</summary>
public sealed class ParameterField
{
    private readonly JsonElement? _default;
    private JsonElement? _element;

    /// <summary>A field that holds the parameter's default.</summary>
    public ParameterField(ParameterSpec spec)
    {
        Spec = spec;
        _default = spec.DefaultJson is { } json ? JsonSerializer.Deserialize<JsonElement>(json) : null;
        Reset();
    }

    public ParameterSpec Spec { get; }

    /// <summary>Id of the control on the page.</summary>
    public string Id => "parameter-" + Spec.Name;

    public string Label => Spec.Label ?? Spec.Name;

    /// <summary>What the control shows.</summary>
    public string Text { get; private set; } = "";

    /// <summary>True for a value that text cannot hold, such as a list element of two lines; it is kept as it is until the field is reset.</summary>
    public bool IsKept { get; private set; }

    /// <summary>True once the person has changed it; a field is not called wrong for being still empty.</summary>
    public bool Touched { get; private set; }

    /// <summary>Counts changes that did not come from the control itself, which then has to show the new text.</summary>
    public int Rewritten { get; private set; }

    /// <summary>What the control itself finds wrong before there is a value, such as a name given twice.</summary>
    public string? Fault { get; private set; }

    /// <summary>What there is to choose from, where the portal knows: the runs of a run parameter. Null: anything may be typed.</summary>
    public IReadOnlyList<Choice<string>>? Choices { get; private set; }

    /// <summary>Offers choices; the first is taken where nothing is chosen yet.</summary>
    public void Offer(IReadOnlyList<Choice<string>> choices)
    {
        Choices = choices;
        if (Text.Length == 0 && Spec.Required && choices.Count > 0) Text = choices[0].Value;
    }

    /// <summary>Brings <see cref="Text"/> up to date with a control that hands it over late.</summary>
    public Func<Task>? Read { get; set; }

    /// <summary>The value; null when nothing is given, so that the default holds. A field emptied on purpose gives an empty text, list or map.</summary>
    public JsonElement? Value => _element ?? (Text.Length == 0 && _default is null ? null : ParameterText.ToElement(Spec, Text));

    public bool IsDefault => Value is not { } value || (_default is { } standard && JsonElement.DeepEquals(value, standard));

    /// <summary>Takes what was typed or chosen.</summary>
    public void Write(string text)
    {
        if (text == Text && !IsKept) return;
        (Text, _element, Fault, IsKept, Touched) = (text, null, null, false, true);
    }

    /// <summary>Takes a map or list as a whole.</summary>
    public void Write(JsonElement value, string? fault) => (_element, Fault, IsKept, Touched) = (value, fault, false, true);

    /// <summary>Takes a value from elsewhere, such as a past launch.</summary>
    public void Take(JsonElement value)
    {
        var text = ParameterText.ToText(Spec, value);
        (Text, _element, Fault, IsKept) = (text ?? "", value, null, text is null);
        Rewritten++;
    }

    /// <summary>Back to the default, or to nothing.</summary>
    public void Reset()
    {
        (Text, _element, Fault, IsKept, Touched) = ("", null, null, false, false);
        if (_default is { } standard) Take(standard);
        else Rewritten++;
    }
}
