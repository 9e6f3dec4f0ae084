using System.Net;
using PipeServer.Transport;

namespace PipeServer.Server.ProxyProtocol;

/// <summary>A proxy's connection that stands for its client's: the same bytes, other addresses.</summary>
/// <param name="inner">The proxy's connection.</param>
/// <param name="client">The client.</param>
/// <param name="destination">What the client has connected to.</param>
internal sealed class ProxiedConnection(TransportConnection inner, EndPoint client, EndPoint? destination) : RelabelledConnection(inner)
{
    public override EndPoint? RemoteEndPoint => client;

    public override EndPoint? LocalEndPoint => destination;
}
