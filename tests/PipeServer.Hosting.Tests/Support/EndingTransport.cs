using System.Net;
using PipeServer.Transport;

namespace PipeServer.Hosting.Tests.Support;

/// <summary>A transport with one listener that accepts nobody, and ends when it is told to, as by a fault.</summary>
internal sealed class EndingTransport : ITransport, IConnectionListener
{
    private readonly TaskCompletionSource<TransportConnection?> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => "ending";

    public EndPoint EndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 1);

    public void End() => _ended.TrySetResult(null);

    public ValueTask<IReadOnlyList<IConnectionListener>> ListenAsync(EndPoint endPoint, int backlog, CancellationToken cancellationToken) => new([this]);

    public ValueTask<TransportConnection?> AcceptAsync() => new(_ended.Task);

    public ValueTask StopListeningAsync()
    {
        End();
        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<string>> StopAsync(TimeSpan timeout) => new([]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
