namespace PipeServer;

/// <summary>Where the certificates of a TLS endpoint come from. Asked at each handshake, so that what it answers may change while the server runs.</summary>
public interface ITlsCertificateSource
{
    /// <summary>
    /// The certificate for a client that asks for this name. Called on the threads of handshakes, at the same time on several; it must not wait for
    /// anything. Return the same object as long as nothing has changed: what is derived from it is kept beside it.
    /// </summary>
    /// <param name="serverName">
    /// The name that the client has sent (SNI, RFC 6066 §3), in lower case and without a dot at its end; null where it has sent none.
    /// </param>
    /// <returns>The certificate; null refuses the handshake with the alert <c>unrecognized_name</c>.</returns>
    TlsCertificate? Find(string? serverName);
}
