namespace PipeServer.Load;

/// <summary>How a workload uses TLS.</summary>
internal enum TlsUse
{
    /// <summary>It does not.</summary>
    None,

    /// <summary>The requests come by connections whose handshake was made before.</summary>
    Kept,

    /// <summary>Each request has a handshake of its own, without an earlier session.</summary>
    NewHandshake,

    /// <summary>Each request has a handshake of its own, which resumes the session of an earlier one.</summary>
    Resumed,
}
