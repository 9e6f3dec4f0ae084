using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>A listener, and what becomes of its connections.</summary>
/// <param name="Listener">Accepts them.</param>
/// <param name="Filters">What each of them goes through before anything is spoken; often nothing.</param>
/// <param name="Protocol">What is spoken on them.</param>
internal sealed record BoundListener(IConnectionListener Listener, IReadOnlyList<IConnectionFilter> Filters, IProtocol Protocol);
