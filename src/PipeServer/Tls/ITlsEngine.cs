using PipeServer.Transport;

namespace PipeServer.Tls;

/// <summary>Does the cryptography of an endpoint's connections, as its <see cref="TlsOptions"/> say. Thread-safe.</summary>
internal interface ITlsEngine
{
    /// <summary>Its name for the log.</summary>
    string Name { get; }

    /// <summary>A server's end of TLS around a connection of which nothing has been consumed. Its disposal disposes <paramref name="inner"/> too.</summary>
    TlsTransportConnection Accept(TransportConnection inner);

    /// <summary>
    /// Takes over, from the engine that this one follows in a reload, what clients hold on to: the keys of session tickets, where both make keys of their
    /// own. Called once, before the first connection; the other one goes on with the connections that it has.
    /// </summary>
    void Adopt(ITlsEngine before)
    {
    }
}
