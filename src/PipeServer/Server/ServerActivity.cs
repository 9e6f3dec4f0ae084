namespace PipeServer.Server;

/// <summary>What a server is doing at one moment, for people who watch it: no query of a request is in it.</summary>
/// <param name="workers">Each worker.</param>
/// <param name="requests">The requests that have been in progress for longest, the oldest first.</param>
/// <param name="isDraining">A stop has begun.</param>
/// <param name="shutdown">How far the stop has come; null before it, and in its very first moment.</param>
internal sealed class ServerActivity(
    IReadOnlyList<WorkerStatus> workers,
    IReadOnlyList<RequestActivity> requests,
    bool isDraining,
    ShutdownProgress? shutdown)
{
    public IReadOnlyList<WorkerStatus> Workers => workers;

    public IReadOnlyList<RequestActivity> Requests => requests;

    public bool IsDraining => isDraining;

    public ShutdownProgress? Shutdown => shutdown;

    /// <summary>Looks at a server, from any thread; it is not held up.</summary>
    /// <param name="server">The server.</param>
    /// <param name="mostRequests">How many requests to name at most.</param>
    public static ServerActivity Of(ServerContext server, int mostRequests)
    {
        var requests = new List<RequestActivity>(mostRequests);
        foreach (var connection in server.Connections.Oldest(mostRequests))
        {
            connection.Observe(requests);
        }

        if (requests.Count > mostRequests) // a connection of HTTP/2 has many
        {
            requests = [.. requests.OrderByDescending(static request => request.Duration).Take(mostRequests)];
        }

        return new ServerActivity(
            Array.ConvertAll(server.Workers.Activities(), WorkerStatus.Of), requests, server.Draining.IsCancellationRequested, server.Shutdown);
    }
}
