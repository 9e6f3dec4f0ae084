using PipeServer.Transport;

namespace PipeServer.Tls.SslStreams;

/// <summary>The engine on the framework's <see cref="System.Net.Security.SslStream"/>, for every platform.</summary>
internal sealed class SslStreamEngine(TlsOptions options) : ITlsEngine
{
    public string Name => "SslStream";

    public TlsTransportConnection Accept(TransportConnection inner) => throw new NotSupportedException(options.Engine.ToString());
}
