namespace PipeServer.Server;

/// <summary>What is spoken on a connection that a handler has taken over, where the server itself has a part in it.</summary>
internal interface ISwitchedProtocol
{
    /// <summary>What it is called in reports.</summary>
    string Name { get; }

    /// <summary>How many messages have come as a whole.</summary>
    long MessagesReceived { get; }

    /// <summary>How many messages were sent to their end.</summary>
    long MessagesSent { get; }

    /// <summary>Whoever had something more to say has said it, or has been told why not: what was sent is to arrive, whatever the handler has thrown.</summary>
    bool EndsInOrder { get; }

    /// <summary>Time has passed. Called by the heartbeat, from any thread, perhaps when the connection is over.</summary>
    /// <param name="now">Milliseconds of the heartbeat's clock.</param>
    void OnBeat(long now);

    /// <summary>The handler has ended: says goodbye for it, where that is still to be done, and waits for the client's.</summary>
    /// <param name="fault">What the handler has thrown, or null.</param>
    /// <returns>The same; null where it is none of the handler's faults, but what a client, or the end of the server, does to a connection.</returns>
    ValueTask<Exception?> EndAsync(Exception? fault);
}
