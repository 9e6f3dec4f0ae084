namespace PipeServer.DrainSuite;

/// <summary>What became of a request.</summary>
internal enum RequestFate
{
    /// <summary>Answered whole.</summary>
    Answered,

    /// <summary>Never sent.</summary>
    RefusedBeforeSending,

    /// <summary>Sent, and the connection ended without a whole answer.</summary>
    Lost,

    /// <summary>Sent, and the connection was reset without a whole answer.</summary>
    Reset,

    /// <summary>Sent, and the server has said that nothing of it was processed (RFC 9113 §8.7): the client has to send it again.</summary>
    Retryable,
}
