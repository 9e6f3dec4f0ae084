using System.Globalization;

namespace PipeServer.DrainSuite;

/// <summary>
/// Clients that know nothing of upgrades: each goes on until it is stopped, connects again where a connection was ended in order, and counts. A server that
/// is upgraded in place may end connections, after an answer that says so or by a goodbye; it must neither refuse one nor leave a request without an answer.
/// </summary>
internal sealed class UpgradeLoad(int port, int tlsPort)
{
    private const string Path = "/echo";
    private const int MaxPauseMilliseconds = 20;

    private readonly Tally _http = new();
    private readonly Tally _messages = new();
    private readonly List<Task> _clients = [];
    private int _webSockets;
    private int _connections;
    private int _notConnected;
    private int _notInOrder;
    private volatile bool _isStopped;

    /// <summary>What became of the requests, WebSockets apart.</summary>
    public Tally Http => _http;

    /// <summary>What became of the messages of WebSockets.</summary>
    public Tally Messages => _messages;

    /// <summary>How many WebSockets came about, each one request to the server.</summary>
    public int WebSockets => _webSockets;

    /// <summary>How many connections there were.</summary>
    public int Connections => _connections;

    /// <summary>How many connects were refused, or reset before anything was sent.</summary>
    public int NotConnected => _notConnected;

    /// <summary>How many WebSockets did not end by the protocol.</summary>
    public int NotInOrder => _notInOrder;

    /// <summary>Starts clients.</summary>
    public void Start(UpgradeOptions options)
    {
        var random = new Random(options.Seed);
        Add(options.KeepAlive, () => KeepAliveAsync(port, isTls: false, new Random(random.Next())));
        Add(options.OneRequestEach, () => OneRequestEachAsync(new Random(random.Next())));
        Add(options.Tls, () => KeepAliveAsync(tlsPort, isTls: true, new Random(random.Next())));
        Add(options.Http2, () => Http2Async(new Random(random.Next())));
        Add(options.WebSockets, () => WebSocketAsync(new Random(random.Next())));
    }

    /// <summary>Has every client finish what it is at, and waits for them.</summary>
    public Task StopAsync()
    {
        _isStopped = true;
        return Task.WhenAll(_clients);
    }

    private static Task PauseAsync(Random random) => Task.Delay(random.Next(0, MaxPauseMilliseconds));

    private void Add(int count, Func<Task> run) => _clients.AddRange(Enumerable.Range(0, count).Select(_ => run()));

    // Null is counted, and not insisted on.
    private async Task<T?> ConnectAsync<T>(Task<T?> connecting)
        where T : class
    {
        var connected = await connecting;
        Interlocked.Increment(ref connected is null ? ref _notConnected : ref _connections);
        await (connected is null ? Task.Delay(MaxPauseMilliseconds) : Task.CompletedTask);
        return connected;
    }

    private async Task KeepAliveAsync(int at, bool isTls, Random random)
    {
        for (var number = 0; !_isStopped;)
        {
            using var client = await ConnectAsync(Client.TryConnectAsync(at, isTls));
            for (var isOpen = client is not null; isOpen && !_isStopped; number++)
            {
                var text = number.ToString(CultureInfo.InvariantCulture);
                var fate = await client!.ExchangeAsync(Client.Post(Path, text), text);
                _http.Add(fate);
                isOpen = fate == RequestFate.Answered && !client.WasToldToClose;
                await PauseAsync(random);
            }
        }
    }

    private async Task OneRequestEachAsync(Random random)
    {
        while (!_isStopped)
        {
            using var client = await ConnectAsync(Client.TryConnectAsync(port, isTls: false));
            if (client is not null)
            {
                _http.Add(await client.TrySendAsync(Client.Post(Path, "once")) ? await client.ReadAnswerAsync("once") : RequestFate.Reset);
            }

            await PauseAsync(random);
        }
    }

    private async Task Http2Async(Random random)
    {
        while (!_isStopped)
        {
            using var peer = await ConnectAsync(Http2Peer.TryConnectAsync(port, isTls: false));
            for (var isOpen = peer is not null; isOpen && !_isStopped;)
            {
                var fates = await Task.WhenAll(peer!.ExchangeAsync(Path, "one of two"), peer.ExchangeAsync(Path, "two of two"));
                Array.ForEach(fates, _http.Add);
                isOpen = fates.All(static fate => fate == RequestFate.Answered);
                await PauseAsync(random);
            }
        }
    }

    private async Task WebSocketAsync(Random random)
    {
        for (var number = 0; !_isStopped;)
        {
            using var peer = await ConnectAsync(WebSocketPeer.TryOpenAsync(port, isTls: false, "/ws"));
            if (peer is null)
            {
                continue;
            }

            Interlocked.Increment(ref _webSockets);
            for (; peer.CloseCode == 0 && !_isStopped; number++)
            {
                var text = number.ToString(CultureInfo.InvariantCulture);
                var fate = await peer.TrySendAsync(text) ? await peer.ReadEchoAsync(text) : RequestFate.Reset;
                _messages.Add(fate);
                if (fate != RequestFate.Answered)
                {
                    break;
                }

                await PauseAsync(random);
            }

            if (!await peer.FinishAfterAsync())
            {
                Interlocked.Increment(ref _notInOrder);
            }
        }
    }
}
