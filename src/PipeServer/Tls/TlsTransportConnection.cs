using PipeServer.Transport;

namespace PipeServer.Tls;

/// <summary>A connection whose bytes are the plaintext of another one's. Counts of bytes are of the ciphertext.</summary>
internal abstract class TlsTransportConnection(TransportConnection inner) : WrappedConnection(inner)
{
    /// <summary>No honest handshake sends more: a client's first message has a few hundred bytes, its certificates some thousand.</summary>
    public const int MaxHandshakeBytes = 64 * 1024;

    /// <summary>
    /// A client has no reason for more records without data between two bytes of it: key updates, refused renegotiations, warnings. Each may have an answer.
    /// </summary>
    public const int MaxControlRecords = 32;

    /// <summary>What the handshake has agreed on. Once it is done.</summary>
    public abstract TlsConnectionInfo Info { get; }

    /// <summary>The certificates that the handshake has asked the client for; null where it has asked for none. Once it is done.</summary>
    public TlsClientCertificates? Clients { get; protected set; }

    /// <summary>For which hosts it may be used. Set by who has had the handshake made.</summary>
    public ClientPolicy? Policy { get; set; }

    /// <summary>Makes the handshake. Once, before anything is read or written.</summary>
    /// <param name="io">Gives it the client's bytes and a thread to work on.</param>
    /// <exception cref="TlsHandshakeException">It has failed; the alert that says why is sent, as far as that is possible without waiting.</exception>
    /// <exception cref="IOException">The client has reset the connection, or it was aborted.</exception>
    public abstract ValueTask HandshakeAsync(IHandshakeIo io);
}
