namespace PipeServer.Server;

/// <summary>What has become of a TLS handshake.</summary>
internal enum HandshakeOutcome
{
    /// <summary>It was made.</summary>
    Completed,

    /// <summary>The two could not agree, or the client has left.</summary>
    Failed,

    /// <summary>It took longer than the head time-out.</summary>
    TimedOut,

    /// <summary>There were too many.</summary>
    Refused,
}
