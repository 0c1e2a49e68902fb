using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Portal.Testing.Kubernetes.Api;
using Portal.Testing.Kubernetes.Json;
using Portal.Testing.Kubernetes.Storage;

namespace Portal.Testing.Kubernetes.Http;

/// <summary>One open watch: events as lines, bookmarks now and then, an ERROR at the end when history is gone.</summary>
internal sealed class WatchStream(ClusterCore core, ClusterFaults faults, ResourceType type, string? place, LabelSelector labels, FieldSelector fields)
{
    private long _sent;

    public bool Bookmarks { get; init; }

    public TimeSpan? Timeout { get; init; }

    /// <summary>Breaks off in the middle of the first event.</summary>
    public bool CutAfterOne { get; init; }

    /// <param name="after">The revision to go on from; null sends what there is first.</param>
    public async Task RunAsync(HttpContext context, long? after)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        if (Timeout is { } timeout)
            end.CancelAfter(timeout);
        var control = new WatchControl(type.Plural, end);
        faults.Opened(control);
        try
        {
            var table = core.Store.Table(type.StoredAs ?? type);
            IReadOnlyList<StoredObject> present = [];
            ObjectWatch? watch;
            lock (core.Store.Gate)
            {
                if (after is null)
                    present = core.Store.List(type.StoredAs ?? type, place);
                _sent = after ?? core.Store.Revision;
                watch = table.Watch(_sent);
            }
            if (watch is null)
            {
                await SendAsync(context, "ERROR", TooOld(_sent, table.Compacted));
                return;
            }
            using (watch)
            {
                // Headers go out at once, as from the real one, however long nothing changes.
                await context.Response.Body.FlushAsync(context.RequestAborted);
                foreach (var item in present.Where(Matches))
                    await SendAsync(context, "ADDED", Shown.Bytes(type, item));
                await FollowAsync(context, watch, control, end.Token);
            }
        }
        finally
        {
            faults.Closed(control);
        }
        if (control.IsDropped)
            context.Abort();
        else if (control.IsGone)
            await SendAsync(context, "ERROR", TooOld(_sent, core.Store.Revision));
    }

    private async Task FollowAsync(HttpContext context, ObjectWatch watch, WatchControl control, CancellationToken end)
    {
        var reader = watch.Changes.Reader;
        var nextBookmark = Environment.TickCount64 + (long)core.Options.BookmarkInterval.TotalMilliseconds;
        try
        {
            while (true)
            {
                var wait = Bookmarks ? (int)Math.Clamp(nextBookmark - Environment.TickCount64, 0, int.MaxValue) : -1;
                var isReady = await WaitAsync(reader, wait, end);
                if (isReady is null)
                    return;
                if (control.SilentUntil - Environment.TickCount64 is var silence and > 0)
                    await Task.Delay((int)silence, end);
                while (reader.TryRead(out var change))
                {
                    if (faults.StreamDelay > TimeSpan.Zero)
                        await Task.Delay(faults.StreamDelay, end);
                    await SendAsync(context, change);
                }
                if (Bookmarks && Environment.TickCount64 >= nextBookmark)
                {
                    await BookmarkAsync(context, reader);
                    nextBookmark = Environment.TickCount64 + (long)core.Options.BookmarkInterval.TotalMilliseconds;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The client has gone, the time is over, or a fault ends the watch: the caller knows which.
        }
    }

    /// <returns>Is there something to read? Null when the watch has ended.</returns>
    private static async Task<bool?> WaitAsync(System.Threading.Channels.ChannelReader<StoredChange> reader, int milliseconds, CancellationToken end)
    {
        if (milliseconds < 0)
            return await reader.WaitToReadAsync(end) ? true : null;
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(end);
        timer.CancelAfter(milliseconds);
        try
        {
            return await reader.WaitToReadAsync(timer.Token) ? true : null;
        }
        catch (OperationCanceledException) when (!end.IsCancellationRequested)
        {
            // Nothing has come; a bookmark is due.
            return false;
        }
    }

    private async Task SendAsync(HttpContext context, StoredChange change)
    {
        _sent = change.Revision;
        var before = change.Before is not null && Matches(change.Before);
        var after = !change.IsDeletion && Matches(change.After);
        if (after)
            await SendAsync(context, before ? "MODIFIED" : "ADDED", Shown.Bytes(type, change.After));
        else if (before)
            await SendAsync(context, "DELETED", Shown.Bytes(type, change.IsDeletion ? change.After : LastMatching(change)));
    }

    /// <summary>What stopped matching is sent as it last was, at the revision of the change.</summary>
    private static StoredObject LastMatching(StoredChange change)
    {
        var json = change.Before!.Json.Copy();
        json.Ensure("metadata")["resourceVersion"] = change.Revision.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return new StoredObject(change.After.Type, change.After.Namespace, change.After.Name, change.Revision, json);
    }

    private async Task BookmarkAsync(HttpContext context, System.Threading.Channels.ChannelReader<StoredChange> reader)
    {
        lock (core.Store.Gate)
        {
            // Nothing of this kind is on its way here, so all up to the newest revision has been said.
            if (reader.Count == 0)
                _sent = core.Store.Revision;
        }
        var bookmark = new JsonObject { ["kind"] = type.Kind, ["apiVersion"] = type.ApiVersion, ["metadata"] = new JsonObject { ["resourceVersion"] = _sent.ToString(System.Globalization.CultureInfo.InvariantCulture), ["creationTimestamp"] = null } };
        await SendAsync(context, "BOOKMARK", Encoding.UTF8.GetBytes(bookmark.ToJsonString()));
    }

    private bool Matches(StoredObject item) => (place is null || item.Namespace == place) && labels.Matches(item.Labels) && fields.Matches(item);

    private async Task SendAsync(HttpContext context, string kind, byte[] json)
    {
        var body = context.Response.Body;
        await body.WriteAsync(Encoding.ASCII.GetBytes($"{{\"type\":\"{kind}\",\"object\":"), context.RequestAborted);
        if (CutAfterOne)
        {
            await body.WriteAsync(json.AsMemory(0, json.Length / 2), context.RequestAborted);
            await body.FlushAsync(context.RequestAborted);
            context.Abort();
            throw new OperationCanceledException("cut");
        }
        await body.WriteAsync(json, context.RequestAborted);
        await body.WriteAsync("}\n"u8.ToArray(), context.RequestAborted);
        await body.FlushAsync(context.RequestAborted);
    }

    private static byte[] TooOld(long asked, long oldest) =>
        System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(ApiException.Expired($"too old resource version: {asked} ({oldest + 1})").ToStatus(), JsonReading.Relaxed);
}
