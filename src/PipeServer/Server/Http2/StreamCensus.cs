using System.Net;

namespace PipeServer.Server.Http2;

/// <summary>
/// What the streams of a connection are doing, for people who watch. From any thread: the streams go on meanwhile, and an object may be another request's in
/// the next moment, so that what was read counts only if it is the same one before and after.
/// </summary>
internal static class StreamCensus
{
    /// <summary>When the request that has been in progress for longest was complete; null where none is.</summary>
    public static long? Oldest(WatchedConnection connection)
    {
        long? oldest = null;
        foreach (var stream in connection.Streams.Snapshot)
        {
            if (stream?.IsOf(connection) == true && !(oldest <= stream.OpenedAt))
            {
                oldest = stream.OpenedAt;
            }
        }

        return oldest;
    }

    /// <summary>Counts the requests in progress by their methods.</summary>
    public static void Count(WatchedConnection connection, Span<long> methods)
    {
        foreach (var stream in connection.Streams.Snapshot)
        {
            if (stream?.IsOf(connection) == true)
            {
                methods[(int)stream.Head.Method]++;
            }
        }
    }

    /// <summary>Adds every request in progress as it is shown.</summary>
    public static void Observe(WatchedConnection connection, ICollection<RequestActivity> activities)
    {
        foreach (var stream in connection.Streams.Snapshot)
        {
            if (stream?.IsOf(connection) == true && connection.Observe(stream, worker: null) is { } activity)
            {
                activities.Add(activity);
            }
        }
    }

    /// <summary>Describes every request in progress; of a connection that has none, what it waits for.</summary>
    public static void Describe(WatchedConnection connection, ServerContext server, ICollection<RequestDescription> descriptions)
    {
        var before = descriptions.Count;
        foreach (var stream in connection.Streams.Snapshot)
        {
            if (stream?.IsOf(connection) == true)
            {
                descriptions.Add(RequestDescription.Of(stream, server, stream.OpenedAt));
            }
        }

        if (descriptions.Count == before)
        {
            descriptions.Add(RequestDescription.NotArrived);
        }
    }

    /// <summary>A request as it is shown; null when it has just ended.</summary>
    /// <param name="stream">The request.</param>
    /// <param name="server">Whose it is.</param>
    /// <param name="worker">The worker that is seen to run it, if that is known.</param>
    /// <param name="client">The address of the connection's client.</param>
    public static RequestActivity? Observe(Http2Stream stream, ServerContext server, string? worker, EndPoint? client)
    {
        var (id, opened) = (stream.Id, stream.OpenedAt);
        string request;
        try
        {
            request = stream.ToString();
        }
#pragma warning disable CA1031 // It may be reset at this moment, in any order.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }

        var stage = stream.ExistingExtras?.Switched is not null ? RequestStage.Switched
            : stream.StalledAt != 0 || (stream.IsDone && stream.IsQueued) ? RequestStage.Sending
            : stream is { MayBlock: false, Handler.Dispatch: not Dispatch.Inline } ? RequestStage.Queued
            : RequestStage.Handling;
        client = stream.ForwardedClient ?? client;
        Volatile.ReadBarrier();
        return id == stream.Id && opened == stream.OpenedAt && stream.IsCarried
            ? new RequestActivity(
                RequestActivity.WithoutQuery(request), stage, TimeSpan.FromMilliseconds(Math.Max(0, server.Heartbeat.Now - opened)),
                worker ?? server.Workers.WorkerOf(stream), client)
            : null;
    }
}
