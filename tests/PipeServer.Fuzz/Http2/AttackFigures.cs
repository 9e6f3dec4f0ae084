using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PipeServer.Fuzz.Http2;

/// <summary>
/// What an attack costs other clients of a server: their requests a second and their slowest hundredth, first alone, then beside the same attacker, who sends
/// to a sink that reads and forgets (the control: what the attacker itself takes of the machine), then beside one who attacks the server, and comes back whenever
/// his connection is ended.
/// </summary>
internal sealed class AttackFigures(IPEndPoint server, Http2Flood flood, TimeSpan time)
{
    private const int Clients = 8;
    private const int Attackers = 2;

    // Not the attackers' address: a server may have a budget for each.
    private static readonly IPAddress Other = new([127, 0, 0, 2]);

    private readonly byte[] _head = HpackBytes.Block(Http2CaseTable.Request);

    /// <summary>Measures and prints one line for each.</summary>
    public async Task RunAsync()
    {
        using var sink = new TcpListener(IPAddress.Loopback, 0);
        sink.Start();
        using var ended = new CancellationTokenSource();
        var sinking = SinkAsync(sink, ended.Token);
        await MeasureAsync("nobody", null);
        await MeasureAsync("a sink (control)", (IPEndPoint)sink.LocalEndpoint);
        await MeasureAsync("the server", server);
        await ended.CancelAsync();
        await sinking;
    }

    private async Task MeasureAsync(string target, IPEndPoint? attacked)
    {
        using var ended = new CancellationTokenSource();
        var connections = new long[1];
        var attackers = attacked is null ? [] : Enumerable.Range(0, Attackers).Select(_ => Task.Run(() => AttackAsync(attacked, connections, ended.Token), CancellationToken.None)).ToArray();
        var clients = Enumerable.Range(0, Clients).Select(_ => Task.Run(AskAsync)).ToArray();
        var waits = (await Task.WhenAll(clients)).SelectMany(static one => one).Order().ToArray();
        await ended.CancelAsync();
        await Task.WhenAll(attackers);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{flood.Name,-28} against {target,-18} {waits.Length / time.TotalSeconds,9:F0} requests/s  p50 {At(waits, 0.5),7:F2} ms  p99 {At(waits, 0.99),7:F2} ms  {connections[0],6} attacking connections"));
    }

    private static double At(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : sorted[(int)(share * (sorted.Length - 1))];

    // One request after the other on one connection: what each has waited, in milliseconds.
    private async Task<List<double>> AskAsync()
    {
        var waits = new List<double>();
        var clock = Stopwatch.StartNew();
        Http2TestClient? client = null;
        for (var id = 1; clock.Elapsed < time; id += 2)
        {
            if (client is null)
            {
                var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Bind(new IPEndPoint(Other, 0));
                await socket.ConnectAsync(server);
                client = new Http2TestClient(new NetworkStream(socket, ownsSocket: true));
                await client.StartAsync();
            }

            var began = clock.Elapsed;
            await client.SendAsync(Http2Frame.Headers(id, _head));
            await client.ResponseAsync(id);
            waits.Add((clock.Elapsed - began).TotalMilliseconds);
            if (id > 20_000)
            {
                await client.DisposeAsync(); // it keeps all that came
                (client, id) = (null, -1);
            }
        }

        if (client is not null)
        {
            await client.DisposeAsync();
        }

        return waits;
    }

    private async Task AttackAsync(IPEndPoint attacked, long[] connections, CancellationToken cancellationToken)
    {
        byte[] opening = [.. Http2Frame.Preface, .. Http2Frame.SettingsOf([.. flood.Settings]).Encode(), .. Http2Frame.SettingsAck().Encode(), .. flood.First.SelectMany(static frame => frame.Encode())];
        var rounds = Enumerable.Range(0, 200).Select(batch => Enumerable.Range(batch * Http2FloodRun.Batch, Http2FloodRun.Batch).SelectMany(flood.Next).SelectMany(static frame => frame.Encode()).ToArray()).ToArray();
        while (!cancellationToken.IsCancellationRequested)
        {
            using var socket = new Socket(attacked.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(attacked, cancellationToken);
                Interlocked.Increment(ref connections[0]);
                _ = ForgetAsync(socket);
                await socket.SendAsync(opening, cancellationToken);
                foreach (var round in rounds)
                {
                    await socket.SendAsync(round, cancellationToken);
                }
            }
            catch (Exception exception) when (exception is SocketException or OperationCanceledException)
            {
                // Ended by the server, or by the clock: once more, or not.
            }
        }
    }

    private static async Task SinkAsync(TcpListener listener, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                _ = ForgetAsync(await listener.AcceptSocketAsync(cancellationToken));
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody is measured any more.
        }
    }

    private static async Task ForgetAsync(Socket socket)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await socket.ReceiveAsync(buffer) > 0)
            {
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The other side has left.
        }
    }
}
