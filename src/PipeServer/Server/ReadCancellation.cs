using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>Wakes a read whose time is up, for the heartbeat.</summary>
internal static class ReadCancellation
{
    /// <summary>
    /// Cancels it, but not on this thread: the connection's loop, or a handler that waits for its body, would go on inside the heartbeat. Nor on a
    /// loop, which may be stuck in a handler, while the system has a thread for the pool.
    /// </summary>
    public static void Start(Connection connection, TransportConnection transport)
    {
        if (connection.Server.IsShortOfThreads && transport.TryCancelReadOnLoop())
        {
            return;
        }

        try
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static late => late.Connection.CancelPendingRead(late.Id), (Connection: connection, connection.Id), preferLocal: false);
        }
        catch (OutOfMemoryException)
        {
            _ = transport.TryCancelReadOnLoop(); // no thread; the next beat reports it again
        }
    }
}
