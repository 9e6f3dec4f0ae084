namespace PipeServer;

/// <summary>What does the cryptography of TLS.</summary>
public enum TlsEngine
{
    /// <summary><see cref="OpenSsl"/> where the system has it, else <see cref="SslStream"/>.</summary>
    Auto,

    /// <summary>OpenSSL 3, called directly: Linux with <c>libssl.so.3</c>.</summary>
    OpenSsl,

    /// <summary>The framework's <see cref="System.Net.Security.SslStream"/>: every platform.</summary>
    SslStream,
}
