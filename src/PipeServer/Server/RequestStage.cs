namespace PipeServer.Server;

/// <summary>Where a request is on its way.</summary>
internal enum RequestStage
{
    /// <summary>It waits for a worker, or for its turn on the thread pool.</summary>
    Queued,

    /// <summary>Its handler is at work, or waits for something.</summary>
    Handling,

    /// <summary>Its answer waits for the client to read.</summary>
    Sending,

    /// <summary>Its handler has taken the connection over, to speak another protocol on it.</summary>
    Switched,
}
