using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Http;

/// <summary>Lists, whole or in pages of one snapshot.</summary>
internal sealed class ListPages
{
    private const string ExpiredMessage =
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";

    private readonly ObjectStore _store;
    private readonly Lock _gate = new();
    private readonly Dictionary<SnapshotKey, IReadOnlyList<StoredObject>> _snapshots = [];
    private readonly Queue<SnapshotKey> _order = new();

    public ListPages(ObjectStore store, ClusterFaults faults)
    {
        _store = store;
        faults.HistoryExpired += () =>
        {
            lock (_gate)
                _snapshots.Clear();
        };
    }

    /// <summary>The answer to a list request.</summary>
    public byte[] List(ResourceType type, string? @namespace, IQueryCollection query)
    {
        var (labels, fields) = (LabelSelector.Parse(query["labelSelector"]), FieldSelector.Parse(type, query["fieldSelector"]));
        var limit = int.TryParse(query["limit"], out var given) && given > 0 ? given : int.MaxValue;
        var (items, revision, start) = query["continue"].ToString() is { Length: > 0 } token ? Continue(type, @namespace, token) : First(type, @namespace, query);
        var page = new List<StoredObject>();
        string? last = null;
        var rest = 0;
        foreach (var item in items)
        {
            if (start is not null && string.CompareOrdinal(Place(item), start) <= 0)
                continue;
            if (!labels.Matches(item.Labels) || !fields.Matches(item))
                continue;
            if (page.Count < limit)
            {
                page.Add(item);
                last = Place(item);
            }
            else
            {
                rest++;
            }
        }
        if (rest > 0)
            Keep(new SnapshotKey(type.GroupResource, @namespace, revision), items);
        return Write(type, page, revision, rest > 0 ? Token(revision, last!) : null, rest, labels.IsEmpty && fields.IsEmpty);
    }

    private (IReadOnlyList<StoredObject> Items, long Revision, string? Start) First(ResourceType type, string? @namespace, IQueryCollection query)
    {
        lock (_store.Gate)
        {
            CheckRevision(_store, query["resourceVersion"], out var asked);
            if (query["resourceVersionMatch"] == "Exact" && asked > 0 && asked < _store.Revision)
                throw ApiException.Expired($"The resourceVersion for the provided list is too old.");
            return (_store.List(type, @namespace), _store.Revision, null);
        }
    }

    /// <summary>A resource version that can be answered.</summary>
    public static void CheckRevision(ObjectStore store, string? text, out long revision)
    {
        revision = 0;
        if (string.IsNullOrEmpty(text))
            return;
        if (!long.TryParse(text, out revision) || revision < 0)
            throw ApiException.Invalid("meta.k8s.io", "ListOptions", "", [FieldProblem.Invalid("resourceVersion", text, $"strconv.ParseUint: parsing \"{text}\": invalid syntax")]);
        if (revision > store.Revision)
        {
            throw new ApiException(504, "Timeout", $"Too large resource version: {revision}, current: {store.Revision}",
                new JsonObject { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "ResourceVersionTooLarge", ["message"] = "Too large resource version" }), ["retryAfterSeconds"] = 1 });
        }
    }

    private (IReadOnlyList<StoredObject>, long, string?) Continue(ResourceType type, string? @namespace, string token)
    {
        JsonNode? parsed;
        try
        {
            parsed = JsonNode.Parse(Convert.FromBase64String(token));
        }
        catch (Exception problem) when (problem is FormatException or System.Text.Json.JsonException)
        {
            throw ApiException.BadRequest("continue key is not valid: illegal base64 data");
        }
        var (revision, start) = (parsed.Number("rv") ?? 0, parsed.Text("start") ?? "");
        lock (_store.Gate)
        {
            // A token without a revision goes on with whatever there is now, as the one that an expired token is answered with.
            if (revision < 0)
                return (_store.List(type, @namespace), _store.Revision, start);
        }
        lock (_gate)
        {
            if (_snapshots.TryGetValue(new SnapshotKey(type.GroupResource, @namespace, revision), out var items))
                return (items, revision, start);
        }
        throw new ExpiredToken(Token(-1, start)).Refusal;
    }

    /// <summary>Where nothing changes, the lists of all kinds are of one revision.</summary>
    private readonly record struct SnapshotKey(string GroupResource, string? Namespace, long Revision);

    private sealed record ExpiredToken(string Next)
    {
        public ApiException Refusal => new(410, "Expired", ExpiredMessage, new JsonObject { ["continue"] = Next });
    }

    private void Keep(SnapshotKey key, IReadOnlyList<StoredObject> items)
    {
        lock (_gate)
        {
            if (_snapshots.TryAdd(key, items))
                _order.Enqueue(key);
            while (_order.Count > 64)
                _snapshots.Remove(_order.Dequeue());
        }
    }

    private static string Place(StoredObject item) => $"{item.Namespace}/{item.Name}";

    private static string Token(long revision, string start) => Convert.ToBase64String(Encoding.UTF8.GetBytes(new JsonObject { ["v"] = "meta.k8s.io/v1", ["rv"] = revision, ["start"] = start }.ToJsonString()));

    private static byte[] Write(ResourceType type, List<StoredObject> page, long revision, string? token, int rest, bool countsRest)
    {
        var metadata = new JsonObject { ["resourceVersion"] = revision.ToString(System.Globalization.CultureInfo.InvariantCulture) };
        if (token is not null)
        {
            metadata["continue"] = token;
            if (countsRest)
                metadata["remainingItemCount"] = rest;
        }
        using var buffer = new MemoryStream(1024 + (page.Count * 2048));
        buffer.Write(Encoding.UTF8.GetBytes($"{{\"kind\":\"{type.ListKind}\",\"apiVersion\":\"{type.ApiVersion}\",\"metadata\":{metadata.ToJsonString()},\"items\":["));
        // Items of built-in lists carry neither kind nor version.
        var head = Encoding.UTF8.GetBytes($"\"kind\":\"{type.Kind}\",\"apiVersion\":\"{type.ApiVersion}\",").Length;
        for (var i = 0; i < page.Count; i++)
        {
            if (i > 0)
                buffer.WriteByte((byte)',');
            var bytes = Shown.Bytes(type, page[i]);
            if (type.IsCustom)
            {
                buffer.Write(bytes);
            }
            else
            {
                buffer.WriteByte((byte)'{');
                buffer.Write(bytes.AsSpan(1 + head));
            }
        }
        buffer.Write("]}"u8);
        return buffer.ToArray();
    }
}
