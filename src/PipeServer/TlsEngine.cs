namespace PipeServer;

/// <summary>What does the cryptography of TLS.</summary>
public enum TlsEngine
{
    /// <summary><see cref="OpenSsl"/> where the system has it, else <see cref="SslStream"/>.</summary>
    Auto,

    /// <summary>OpenSSL 3, called directly: Linux with <c>libssl.so.3</c>.</summary>
    OpenSsl,

    /// <summary>
    /// The framework's <see cref="System.Net.Security.SslStream"/>: every platform. It resumes no sessions, because its tickets are bound neither to the
    /// name nor to the authorities of client certificates that they were given under; a client certificate that is refused is told by a close, not an alert.
    /// </summary>
    SslStream,
}
