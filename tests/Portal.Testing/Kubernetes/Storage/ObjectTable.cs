using System.Threading.Channels;

namespace Portal.Testing.Kubernetes.Storage;

/// <summary>The objects of one kind with their recent changes and watchers. Used under the store's gate.</summary>
internal sealed class ObjectTable(ObjectStore store, int historyLength, long since)
{
    private readonly SortedDictionary<string, SortedDictionary<string, StoredObject>> _objects = new(StringComparer.Ordinal);
    private const int UnfoldedLength = 64;

    private readonly Queue<StoredChange> _history = new();
    private readonly Queue<StoredChange> _recent = new();
    private readonly List<ObjectWatch> _watches = [];

    /// <summary>Changes up to this revision are no longer known.</summary>
    public long Compacted { get; private set; } = since - 1;

    /// <summary>How many objects there are.</summary>
    public int Count { get; private set; }

    public StoredObject? Find(string? @namespace, string name) => _objects.TryGetValue(@namespace ?? "", out var names) ? names.GetValueOrDefault(name) : null;

    public IReadOnlyList<StoredObject> List(string? @namespace)
    {
        if (@namespace is not null)
            return _objects.TryGetValue(@namespace, out var names) ? [.. names.Values] : [];
        var all = new List<StoredObject>(Count);
        foreach (var names in _objects.Values)
            all.AddRange(names.Values);
        return all;
    }

    public void Set(StoredObject stored)
    {
        if (!_objects.TryGetValue(stored.Namespace ?? "", out var names))
            _objects[stored.Namespace ?? ""] = names = new(StringComparer.Ordinal);
        if (!names.ContainsKey(stored.Name))
            Count++;
        names[stored.Name] = stored;
    }

    public void Remove(StoredObject stored)
    {
        if (_objects.TryGetValue(stored.Namespace ?? "", out var names) && names.Remove(stored.Name))
            Count--;
        if (names?.Count == 0)
            _objects.Remove(stored.Namespace ?? "");
    }

    public void Record(StoredChange change)
    {
        _history.Enqueue(change);
        _recent.Enqueue(change);
        if (_recent.Count > UnfoldedLength)
            Fold(_recent.Dequeue());
        while (_history.Count > historyLength)
            Compacted = _history.Dequeue().Revision;
        for (var i = _watches.Count - 1; i >= 0; i--)
        {
            // As on the real server, a watcher that does not keep up is cut off.
            if (!_watches[i].Changes.Writer.TryWrite(change))
                Drop(_watches[i]);
        }
    }

    /// <summary>What was long ago is rarely asked for, and trees are large.</summary>
    private static void Fold(StoredChange change)
    {
        change.Before?.Fold();
        if (change.IsDeletion || change.After.Type == ResourceCatalog.Events)
            change.After.Fold();
    }

    public void Compact(long revision)
    {
        _history.Clear();
        _recent.Clear();
        Compacted = revision;
    }

    /// <summary>Starts a watch after a revision; null when changes since then are no longer known.</summary>
    public ObjectWatch? Watch(long after)
    {
        lock (store.Gate)
        {
            if (after < Compacted)
                return null;
            var watch = new ObjectWatch(this);
            foreach (var change in _history)
            {
                if (change.Revision > after)
                    watch.Changes.Writer.TryWrite(change);
            }
            _watches.Add(watch);
            return watch;
        }
    }

    public void Drop(ObjectWatch watch)
    {
        lock (store.Gate)
        {
            _watches.Remove(watch);
            watch.Changes.Writer.TryComplete();
        }
    }
}

/// <summary>One watcher's queue of changes.</summary>
internal sealed class ObjectWatch(ObjectTable table) : IDisposable
{
    public Channel<StoredChange> Changes { get; } = Channel.CreateBounded<StoredChange>(new BoundedChannelOptions(100_000) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    public void Dispose() => table.Drop(this);
}
