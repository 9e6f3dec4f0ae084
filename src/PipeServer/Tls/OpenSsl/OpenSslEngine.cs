using PipeServer.Transport;

namespace PipeServer.Tls.OpenSsl;

/// <summary>The engine on OpenSSL 3.</summary>
internal sealed class OpenSslEngine(TlsOptions options) : ITlsEngine
{
    /// <summary>True where the system has the library.</summary>
    public static bool IsSupported => false;

    public string Name => "OpenSSL";

    public TlsTransportConnection Accept(TransportConnection inner) => throw new NotSupportedException(options.Engine.ToString());
}
