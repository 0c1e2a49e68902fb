using System.Collections.Concurrent;

namespace Portal.Testing.Kubernetes.Http;

/// <summary>The requests so far, the oldest dropped when there are very many.</summary>
internal sealed class RequestLog
{
    private const int Limit = 200_000;

    private readonly ConcurrentQueue<RequestRecord> _records = new();

    public IReadOnlyList<RequestRecord> Records => [.. _records];

    public void Add(RequestRecord? record)
    {
        if (record is null)
            return;
        _records.Enqueue(record);
        while (_records.Count > Limit)
            _records.TryDequeue(out _);
    }

    public void Clear() => _records.Clear();
}

/// <summary>A request under way. Streams are logged when they begin: they may never end.</summary>
internal sealed class RequestEntry(RequestInfo info, string user, DateTimeOffset at)
{
    private bool _isLogged;

    public RequestRecord? Done(int status)
    {
        if (_isLogged)
            return null;
        _isLogged = true;
        return new RequestRecord(info.Verb, info.Group, info.Resource, info.Subresource, info.Namespace, info.Name, user, status, at, info.Path);
    }
}
