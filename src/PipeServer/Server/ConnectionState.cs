namespace PipeServer.Server;

/// <summary>
/// Where a connection is in its life. Written by the connection loop only; the heartbeat and a drain read it.
/// <code>
/// Handshaking ──► New ──► ReadingHead ──► Handling ──► Idle ──► ReadingHead …      Handling ──► Switched      every state ──► Closing
/// </code>
/// </summary>
internal enum ConnectionState
{
    /// <summary>Accepted, and no byte of a first request has come.</summary>
    New,

    /// <summary>
    /// In the middle of a TLS handshake. Before its first byte the connection is <see cref="New"/>, and behind it again.
    /// </summary>
    Handshaking,

    /// <summary>Between two requests, nothing buffered.</summary>
    Idle,

    /// <summary>A request has begun to arrive.</summary>
    ReadingHead,

    /// <summary>A request is queued, in its handler, or being answered.</summary>
    Handling,

    /// <summary>
    /// Its handler has taken it over for good, to speak another protocol on it: reads have no deadline, and nothing but the handler, the
    /// client or the end of the grace period ends it.
    /// </summary>
    Switched,

    /// <summary>The last response is written: half-closed, waiting for the client to do the same.</summary>
    Closing,
}
