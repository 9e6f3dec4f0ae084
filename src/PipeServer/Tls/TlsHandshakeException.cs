namespace PipeServer.Tls;

/// <summary>A handshake has failed, for a reason that is the client's, or the network's.</summary>
/// <param name="message">The reason, for the log: nothing in it is the client's own text.</param>
internal sealed class TlsHandshakeException(string message) : IOException(message);
