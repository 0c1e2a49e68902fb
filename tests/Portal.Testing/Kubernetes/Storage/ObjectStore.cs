using System.Text.Json.Nodes;
using Portal.Testing.Kubernetes.Json;

namespace Portal.Testing.Kubernetes.Storage;

/// <summary>All objects, one revision counter, the recent changes of each kind. Everything happens under <see cref="Gate"/>; nothing stored is ever changed.</summary>
internal sealed class ObjectStore(int historyLength)
{
    private readonly Dictionary<string, ObjectTable> _tables = [];
    private readonly Dictionary<string, HashSet<ObjectKey>> _ownedBy = [];

    /// <summary>Held for every read and write.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The newest revision.</summary>
    public long Revision { get; private set; } = 1;

    /// <summary>Told of every change, under the gate; must only take note of it.</summary>
    public event Action<StoredChange>? Changed;

    public ObjectTable Table(ResourceType type) => Table(type.GroupResource);

    private ObjectTable Table(string groupResource)
    {
        lock (Gate)
        {
            if (!_tables.TryGetValue(groupResource, out var table))
                _tables[groupResource] = table = new ObjectTable(this, historyLength, Revision);
            return table;
        }
    }

    public StoredObject? Find(ResourceType type, string? @namespace, string name) => Find(new ObjectKey(type.GroupResource, @namespace, name));

    public StoredObject? Find(ObjectKey key)
    {
        lock (Gate)
            return Table(key.GroupResource).Find(key.Namespace, key.Name);
    }

    /// <summary>Everything of a kind, in the order of namespace and name.</summary>
    public IReadOnlyList<StoredObject> List(ResourceType type, string? @namespace = null)
    {
        lock (Gate)
            return Table(type).List(@namespace);
    }

    /// <summary>What names the uid as an owner.</summary>
    public IReadOnlyList<StoredObject> OwnedBy(string uid)
    {
        lock (Gate)
            return _ownedBy.TryGetValue(uid, out var keys) ? [.. keys.Select(Find).OfType<StoredObject>()] : [];
    }

    /// <summary>Stores the object under the next revision and tells of it.</summary>
    public StoredObject Put(ResourceType type, string? @namespace, string name, JsonObject json)
    {
        lock (Gate)
        {
            json.Ensure("metadata")["resourceVersion"] = (++Revision).ToString(System.Globalization.CultureInfo.InvariantCulture);
            var after = new StoredObject(type, @namespace, name, Revision, json);
            var table = Table(type);
            var before = table.Find(@namespace, name);
            table.Set(after);
            Own(before, after);
            Tell(table, new StoredChange(before, after, false));
            return after;
        }
    }

    /// <summary>Removes the object and tells of it.</summary>
    public StoredObject Remove(StoredObject stored)
    {
        lock (Gate)
        {
            var json = stored.Json.Copy();
            json.Ensure("metadata")["resourceVersion"] = (++Revision).ToString(System.Globalization.CultureInfo.InvariantCulture);
            var last = new StoredObject(stored.Type, stored.Namespace, stored.Name, Revision, json);
            var table = Table(stored.Type);
            table.Remove(stored);
            Own(stored, null);
            Tell(table, new StoredChange(stored, last, true));
            return last;
        }
    }

    /// <summary>Forgets all past changes: whoever watches from an older revision is told that it is gone.</summary>
    public void Compact()
    {
        lock (Gate)
        {
            // One more revision, so that even the newest known one is too old, as it is where others write.
            Revision++;
            foreach (var table in _tables.Values)
                table.Compact(Revision);
        }
    }

    /// <summary>All kinds that have objects.</summary>
    public IReadOnlyList<StoredObject> InNamespace(string @namespace)
    {
        lock (Gate)
            return [.. _tables.Values.SelectMany(t => t.List(@namespace))];
    }

    private void Tell(ObjectTable table, StoredChange change)
    {
        table.Record(change);
        Changed?.Invoke(change);
    }

    private void Own(StoredObject? before, StoredObject? after)
    {
        foreach (var owner in before?.Owners ?? [])
        {
            if (owner.Text("uid") is { } uid && _ownedBy.TryGetValue(uid, out var keys))
            {
                keys.Remove(before!.Key);
                if (keys.Count == 0)
                    _ownedBy.Remove(uid);
            }
        }
        foreach (var owner in after?.Owners ?? [])
        {
            if (owner.Text("uid") is not { } uid)
                continue;
            if (!_ownedBy.TryGetValue(uid, out var keys))
                _ownedBy[uid] = keys = [];
            keys.Add(after!.Key);
        }
    }
}
