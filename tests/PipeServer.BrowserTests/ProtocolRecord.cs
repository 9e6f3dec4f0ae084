using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace PipeServer.BrowserTests;

/// <summary>With which status each WebSocket of a page was opened, as Chromium tells its developer tools: 101 by HTTP/1.1, 200 by HTTP/2.</summary>
internal sealed class ProtocolRecord(ICDPSession session) : IAsyncDisposable
{
    private readonly ConcurrentQueue<int> _statuses = [];

    /// <summary>In the order of their answers.</summary>
    public IReadOnlyList<int> Statuses => [.. _statuses];

    /// <summary>Begins to listen.</summary>
    public async Task StartAsync()
    {
        session.Event("Network.webSocketHandshakeResponseReceived").OnEvent += (_, message) =>
            _statuses.Enqueue(message!.Value.GetProperty("response").GetProperty("status").GetInt32());
        await session.SendAsync("Network.enable");
    }

    public async ValueTask DisposeAsync() => await session.DetachAsync();
}
