using PipeServer.Transport;

namespace PipeServer.Tls;

/// <summary>Does the cryptography of an endpoint's connections, as its <see cref="TlsOptions"/> say. Thread-safe.</summary>
internal interface ITlsEngine
{
    /// <summary>Its name for the log.</summary>
    string Name { get; }

    /// <summary>A server's end of TLS around a connection of which nothing has been consumed. Its disposal disposes <paramref name="inner"/> too.</summary>
    TlsTransportConnection Accept(TransportConnection inner);
}
