using System.Net.Sockets;

namespace PipeServer.Transport;

/// <summary>
/// An end point cannot be listened on, for a reason that a transport knows better than the system's error: the message tells it, and the way out.
/// </summary>
#pragma warning disable CA1032 // Thrown with an error and a reason, never without.
internal sealed class EndPointException(SocketError error, string reason) : SocketException((int)error, reason);
#pragma warning restore CA1032
