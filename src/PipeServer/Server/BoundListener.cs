using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>A listener, with the filters and the protocol of its connections.</summary>
/// <param name="Listener">Accepts them.</param>
/// <param name="Filters">What each of them goes through before the protocol gets it; often empty.</param>
/// <param name="Protocol">The protocol of its connections.</param>
internal sealed record BoundListener(IConnectionListener Listener, IReadOnlyList<IConnectionFilter> Filters, IProtocol Protocol);
