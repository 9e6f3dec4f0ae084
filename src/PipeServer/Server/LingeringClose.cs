namespace PipeServer.Server;

/// <summary>
/// The polite end of a connection: half-close, read on until the client has closed too, then close. To close while the client still
/// sends would reset the connection, and the reset can take the response with it (RFC 9112 §9.6).
/// </summary>
/// <param name="IdleTimeout">How long the client may be silent.</param>
/// <param name="Limit">How long the close may take altogether, for a client that sends without end.</param>
internal readonly record struct LingeringClose(TimeSpan IdleTimeout, TimeSpan Limit)
{
    /// <summary>After an answer. Both values are nginx's.</summary>
    public static readonly LingeringClose AfterAnswer = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30));

    /// <summary>After a refusal, which must not cost the server much.</summary>
    public static readonly LingeringClose AfterRefusal = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1));

    /// <summary>Reads and discards until the client has closed its side or its time is up. The output has been half-closed.</summary>
    /// <exception cref="IOException">The client has reset the connection.</exception>
    public async Task WaitAsync(Connection connection)
    {
        var heartbeat = connection.Server.Heartbeat;
        var limit = heartbeat.DeadlineAfter(Limit);
        var isLimitedByDrain = false;
        while (true)
        {
            if (heartbeat.IsDraining && !isLimitedByDrain)
            {
                // Only once: each byte that comes must not move the limit.
                isLimitedByDrain = true;
                limit = Math.Min(limit, heartbeat.DeadlineAfter(DrainRules.LingerTimeout));
            }

            connection.Deadlines.SetReadAt(Math.Min(limit, heartbeat.DeadlineAfter(IdleTimeout)));
            var read = await connection.Input.ReadAsync().ConfigureAwait(false);
            connection.Input.AdvanceTo(read.Buffer.End);

            // The limit by itself: a client that sends without a pause never lets a read wait until it is cancelled.
            if (read.IsCompleted || (read.IsCanceled && connection.Deadlines.IsReadExpired) || heartbeat.Now >= limit)
            {
                return;
            }
        }
    }
}
