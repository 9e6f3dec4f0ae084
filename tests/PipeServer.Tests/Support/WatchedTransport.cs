using System.Collections.Concurrent;
using System.Net;
using PipeServer.Transport;

namespace PipeServer.Tests.Support;

/// <summary>A transport that hands a test what it accepts, which may put something else in its place before the server gets it.</summary>
internal sealed class WatchedTransport(ITransport inner, Func<TransportConnection, TransportConnection>? replace = null) : ITransport
{
    private readonly ConcurrentQueue<TransportConnection> _accepted = [];

    public string Name => inner.Name;

    /// <summary>The connections, in the order of their accepts.</summary>
    public IReadOnlyList<TransportConnection> Accepted => [.. _accepted];

    public async ValueTask<IReadOnlyList<IConnectionListener>> ListenAsync(EndPoint endPoint, int backlog, CancellationToken cancellationToken) =>
        [.. (await inner.ListenAsync(endPoint, backlog, cancellationToken)).Select(listener => new Listener(this, listener))];

    public ValueTask<IReadOnlyList<string>> StopAsync(TimeSpan timeout) => inner.StopAsync(timeout);

    private TransportConnection OnAccepted(TransportConnection connection)
    {
        _accepted.Enqueue(connection);
        return replace?.Invoke(connection) ?? connection;
    }

    private sealed class Listener(WatchedTransport transport, IConnectionListener inner) : IConnectionListener
    {
        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<TransportConnection?> AcceptAsync() =>
            await inner.AcceptAsync() is { } connection ? transport.OnAccepted(connection) : null;

        public ValueTask StopListeningAsync() => inner.StopListeningAsync();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
