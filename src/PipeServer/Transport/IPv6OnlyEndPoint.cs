using System.Net;

namespace PipeServer.Transport;

/// <summary>Every IPv6 address of the machine and no IPv4 one, as a passed socket may listen; <c>::</c> that we bind takes both.</summary>
/// <param name="port">The port.</param>
internal sealed class IPv6OnlyEndPoint(int port) : IPEndPoint(IPAddress.IPv6Any, port);
