using System.Net;
using PipeServer.Transport;

namespace PipeServer.Server.ProxyProtocol;

/// <summary>A proxy's connection that stands for its client: the same bytes, another address.</summary>
internal sealed class ProxiedConnection(TransportConnection inner, EndPoint client) : RelabelledConnection(inner)
{
    public override EndPoint? RemoteEndPoint => client;
}
