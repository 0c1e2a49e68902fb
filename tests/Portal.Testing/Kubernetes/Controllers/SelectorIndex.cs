using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Controllers;

/// <summary>Finds what selects a pod without looking at everything that selects: by one of the labels that it asks for. Used under the store's gate.</summary>
internal sealed class SelectorIndex
{
    private readonly Dictionary<(string? Namespace, string Key, string Value), HashSet<ObjectKey>> _byLabel = [];
    private readonly Dictionary<ObjectKey, IReadOnlyDictionary<string, string>> _selectors = [];

    /// <summary>Keeps up with a change of something that selects.</summary>
    /// <param name="selector">The labels it asks for; with none it is taken to select everything.</param>
    public void Follow(StoredChange change, Func<StoredObject, IReadOnlyDictionary<string, string>> selector)
    {
        var key = change.After.Key;
        if (_selectors.Remove(key, out var old))
            Entry(key.Namespace, old)?.Remove(key);
        if (change.IsDeletion)
            return;
        var labels = selector(change.After);
        _selectors[key] = labels;
        var place = First(key.Namespace, labels);
        if (!_byLabel.TryGetValue(place, out var keys))
            _byLabel[place] = keys = [];
        keys.Add(key);
    }

    /// <summary>What selects the pod.</summary>
    public List<ObjectKey> Of(StoredObject pod) => Of(pod.Namespace, pod.Labels);

    /// <summary>What selects something with these labels.</summary>
    public List<ObjectKey> Of(string? @namespace, IReadOnlyDictionary<string, string> labels)
    {
        var found = new List<ObjectKey>();
        foreach (var place in labels.Select(l => (@namespace, l.Key, l.Value)).Append((@namespace, "", "")))
        {
            if (_byLabel.TryGetValue(place, out var keys))
                found.AddRange(keys.Where(k => _selectors[k].All(s => labels.GetValueOrDefault(s.Key) == s.Value)));
        }
        return found;
    }

    private HashSet<ObjectKey>? Entry(string? @namespace, IReadOnlyDictionary<string, string> labels) => _byLabel.GetValueOrDefault(First(@namespace, labels));

    private static (string?, string, string) First(string? @namespace, IReadOnlyDictionary<string, string> labels) => labels.Count == 0 ? (@namespace, "", "") : labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => (@namespace, l.Key, l.Value)).First();
}

/// <summary>Finds pods by their labels. Used under the store's gate.</summary>
internal sealed class LabelIndex
{
    private readonly Dictionary<(string? Namespace, string Key, string Value), HashSet<ObjectKey>> _byLabel = [];

    /// <summary>Keeps up with a change of a pod.</summary>
    public void Follow(StoredChange change)
    {
        if (change.Before is not null && !change.IsDeletion && change.Before.Labels.SequenceEqual(change.After.Labels))
            return;
        foreach (var (key, value) in change.Before?.Labels ?? new Dictionary<string, string>())
        {
            var place = (change.After.Namespace, key, value);
            if (_byLabel.TryGetValue(place, out var keys) && keys.Remove(change.After.Key) && keys.Count == 0)
                _byLabel.Remove(place);
        }
        if (change.IsDeletion)
            return;
        foreach (var (key, value) in change.After.Labels)
        {
            var place = (change.After.Namespace, key, value);
            if (!_byLabel.TryGetValue(place, out var keys))
                _byLabel[place] = keys = [];
            keys.Add(change.After.Key);
        }
    }

    /// <summary>The pods that have one of the labels, the rarest: whoever asks looks whether they have the others.</summary>
    public IReadOnlyCollection<ObjectKey> Of(string? @namespace, IReadOnlyDictionary<string, string> labels) =>
        labels.Select(l => _byLabel.GetValueOrDefault((@namespace, l.Key, l.Value)) ?? []).MinBy(k => k.Count) ?? [];
}
