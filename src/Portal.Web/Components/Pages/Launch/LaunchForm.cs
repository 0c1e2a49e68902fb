using System.Text.Json;
using System.Text.RegularExpressions;
using Portal.Application.Workloads;
using Portal.Domain.Access;
using Portal.Domain.Catalog;
using Portal.Domain.Workloads;

namespace Portal.Web.Components.Pages.Launch;

/// <summary>Something wrong on the launch form.</summary>
/// <param name="Key">The key of the use case's errors: <c>name</c>, <c>parameters.steps</c>.</param>
/// <param name="Label">What the form calls the field.</param>
/// <param name="FieldId">Id of the control; null when there is none.</param>
public sealed record FormError(string Key, string Label, string? FieldId, string Message);

/// <summary>What the launch page has been told so far, and what is wrong with it. No page, no database: only the request in the making.</summary>
public sealed partial class LaunchForm
{
    private readonly Dictionary<string, string> _refused = [];
    private IReadOnlyDictionary<string, string[]> _wrong = new Dictionary<string, string[]>();

    /// <summary>A form with the item's defaults.</summary>
    public LaunchForm(ItemSpec item, ActorTeam team)
    {
        (Item, Team, Hardware, Lifetime) = (item, team.Slug, item.Hardware[0], item.Defaults.Lifetime);
        Fields = [.. item.Parameters.Where(p => p.UserFacing).Select(p => new ParameterField(p))];
        Check();
    }

    /// <summary>Minted once: however often the button is pressed, this form launches one workload.</summary>
    public Guid RequestId { get; } = Guid.CreateVersion7();

    public ItemSpec Item { get; }

    public IReadOnlyList<ParameterField> Fields { get; }

    public string Name { get; private set; } = "";

    /// <summary>True once the person chose the name; until then the portal may suggest another.</summary>
    public bool NameTouched { get; private set; }

    public string Team { get; private set; }

    public string Reason { get; private set; } = "";

    public string Hardware { get; private set; }

    public string? Target { get; private set; }

    public CapacityType? Capacity { get; private set; }

    /// <summary>Null: it runs until it is stopped, where the item allows that.</summary>
    public TimeSpan? Lifetime { get; private set; }

    /// <summary>Taken from the workload that is copied; null leaves it to the item.</summary>
    public TimeSpan? IdleTimeout { get; private set; }

    /// <summary>Taken from the workload that is copied.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; private set; } = new Dictionary<string, string>();

    public bool IsDefault => Fields.All(f => f.IsDefault);

    /// <summary>Everything that keeps the form from being launched, in the order of the page.</summary>
    public IReadOnlyList<FormError> Errors => [.. Found()];

    /// <summary>What to show at a field; null while nothing is wrong, or while the person has not come to it yet.</summary>
    public string? ErrorOf(string key) => Found().FirstOrDefault(e => e.Key == key)?.Message;

    /// <summary>What to show at a parameter's field.</summary>
    public string? ErrorOf(ParameterField field) => field.Touched || field.Value is not null || _refused.ContainsKey(Key(field)) ? ErrorOf(Key(field)) : null;

    public void SetName(string name) => (Name, NameTouched) = (Changed("name", name.Trim()), true);

    /// <summary>Takes a free name unless the person has chosen one.</summary>
    public void SuggestName(string name)
    {
        if (!NameTouched) Name = name;
    }

    public void SetTeam(string team) => Team = Changed("team", team);

    public void SetReason(string reason) => Reason = Changed("reason", reason);

    public void SetHardware(string hardware) => Hardware = Changed("hardware", hardware);

    public void SetPlace(string? target, CapacityType? capacity) => (Target, Capacity) = (Changed("target", target), Changed("capacity", capacity));

    public void SetLifetime(TimeSpan? lifetime) => Lifetime = Changed("lifetime", lifetime);

    /// <summary>After a field was written: looks what is wrong now.</summary>
    public void Changed(ParameterField field)
    {
        _refused.Remove(Key(field));
        _refused.Remove("parameters");
        Check();
    }

    public void ResetParameters()
    {
        foreach (var field in Fields)
        {
            field.Reset();
            _refused.Remove(Key(field));
        }
        Check();
    }

    /// <summary>Takes what a past launch was given, as far as this version has it. Secrets are never given out again.</summary>
    public void Copy(WorkloadDetail past)
    {
        foreach (var field in Fields)
            if (past.Parameters.TryGetValue(field.Spec.Name, out var value)) field.Take(value);
        if (Item.Hardware.Contains(past.Row.Hardware)) Hardware = past.Row.Hardware;
        if (past.Lifetime is not null) Lifetime = past.Lifetime;
        if (past.IdleTimeout is not null) IdleTimeout = past.IdleTimeout;
        Tags = past.Tags;
        Reason = past.LaunchReason ?? "";
        Check();
    }

    /// <summary>Shows what the use case refused, at its fields, until they are changed.</summary>
    public void Refuse(IReadOnlyDictionary<string, string[]> errors)
    {
        foreach (var (key, messages) in errors) _refused[key] = string.Join(" ", messages);
    }

    /// <summary>Controls that hand over late hand over now.</summary>
    public async Task ReadAsync()
    {
        foreach (var field in Fields)
            if (field.Read is { } read) await read();
    }

    public LaunchRequest ToRequest() => new()
    {
        RequestId = RequestId, Name = Name, Item = Item.Slug, Version = Item.Version, Team = Team, Hardware = Hardware, Target = Target, Capacity = Capacity?.ToWord(),
        Parameters = Given(), Lifetime = Lifetime, IdleTimeout = IdleTimeout, Tags = Tags, Reason = string.IsNullOrWhiteSpace(Reason) ? null : Reason.Trim(),
    };

    /// <summary>What the number of replicas depends on, as it is filled in so far; null where the item has none.</summary>
    public JsonElement? Draft()
    {
        var names = Item.Deployments.Select(d => d.Replicas).OfType<ReplicaSpec>().SelectMany(r => new[] { r.Least, r.Most }).ToHashSet();
        return names.Count == 0 ? null : JsonSerializer.SerializeToElement(Fields.Where(f => names.Contains(f.Spec.Name) && f.Value is not null).ToDictionary(f => f.Spec.Name, f => f.Value!.Value));
    }

    private static string Key(ParameterField field) => "parameters." + field.Spec.Name;

    private T Changed<T>(string key, T value)
    {
        _refused.Remove(key);
        return value;
    }

    private void Check() => _wrong = ParameterValidation.Validate(Item, Given()).Errors;

    private JsonElement Given() => JsonSerializer.SerializeToElement(Fields.Where(f => f.Value is not null).ToDictionary(f => f.Spec.Name, f => f.Value!.Value));

    private IEnumerable<FormError> Found()
    {
        if (_refused.GetValueOrDefault("name") is { } taken) yield return new("name", "Name", "launch-name", taken);
        else if (!NamePattern().IsMatch(Name)) yield return new("name", "Name", "launch-name", Name.Length == 0 ? "Give it a name." : "1 to 40 characters of a–z, 0–9 and -.");
        foreach (var error in Own("team", "Charge to", "launch-team")) yield return error;
        foreach (var error in Own("reason", "Why", "launch-reason")) yield return error;
        foreach (var field in Fields)
            if ((field.Fault ?? _refused.GetValueOrDefault(Key(field)) ?? Join(_wrong.GetValueOrDefault(Key(field)))) is { } message)
                yield return new(Key(field), field.Label, field.Id, Sentence(message));
        foreach (var error in Own("hardware", "Hardware", "launch-hardware").Concat(Own("target", "Where", "launch-target")).Concat(Own("capacity", "Capacity", "launch-capacity")).Concat(Own("lifetime", "Stop after", "launch-lifetime")))
            yield return error;
        foreach (var key in _refused.Keys.Concat(_wrong.Keys).Distinct().Where(k => !IsShown(k)))
            yield return new(key, key, null, Sentence(_refused.GetValueOrDefault(key) ?? Join(_wrong[key])!));
    }

    private IEnumerable<FormError> Own(string key, string label, string id) => _refused.TryGetValue(key, out var message) ? [new(key, label, id, message)] : [];

    private bool IsShown(string key) => key is "name" or "team" or "reason" or "hardware" or "target" or "capacity" or "lifetime" || Fields.Any(f => Key(f) == key);

    private static string? Join(string[]? messages) => messages is null ? null : string.Join("; ", messages);

    private static string Sentence(string message) => message.Length == 0 ? message : char.ToUpperInvariant(message[0]) + message[1..];

    [GeneratedRegex("^[a-z0-9-]{1,40}$(?!\n)", RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();
}
