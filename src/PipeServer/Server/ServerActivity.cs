namespace PipeServer.Server;

/// <summary>What a server is doing at one moment, for people who watch it: no query of a request is in it.</summary>
internal sealed class ServerActivity(IReadOnlyList<WorkerStatus> workers, IReadOnlyList<RequestActivity> requests, bool isDraining, ShutdownProgress? shutdown)
{
    /// <summary>Each worker.</summary>
    public IReadOnlyList<WorkerStatus> Workers => workers;

    /// <summary>The requests that have been in progress for longest, the oldest first.</summary>
    public IReadOnlyList<RequestActivity> Requests => requests;

    /// <summary>A stop has begun.</summary>
    public bool IsDraining => isDraining;

    /// <summary>How far the stop has come; null before it, and in its very first moment.</summary>
    public ShutdownProgress? Shutdown => shutdown;

    /// <summary>Looks at a server, from any thread; it is not held up.</summary>
    /// <param name="server">The server.</param>
    /// <param name="mostRequests">How many requests to name at most.</param>
    public static ServerActivity Of(ServerContext server, int mostRequests)
    {
        var requests = new List<RequestActivity>(mostRequests);
        foreach (var connection in server.Connections.Oldest(mostRequests))
        {
            if (connection.Observe() is { } request)
            {
                requests.Add(request);
            }
        }

        return new ServerActivity(
            Array.ConvertAll(server.Workers.Activities(), WorkerStatus.Of), requests, server.Draining.IsCancellationRequested, server.Shutdown);
    }
}
