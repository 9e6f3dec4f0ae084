using System.Globalization;

namespace PipeServer.DrainSuite;

/// <summary>
/// Connections that would stay for hours: WebSockets, each told 1001 and waited for, and streams of events, each ended in order. A message counts as
/// answered when it was echoed, or when the server's 1001 has come after it: the client knows then.
/// </summary>
internal sealed class LongConnectionScenarios
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);

    private readonly SuiteOptions _options;
    private readonly ScenarioRunner _runner;
    private readonly Random _random;

    private LongConnectionScenarios(SuiteOptions options, ScenarioRunner runner)
    {
        _options = options;
        _runner = runner;
        _random = new Random(options.Seed);
    }

    /// <summary>Those for which the server has a route, by name.</summary>
    public static Dictionary<string, Func<Task<ScenarioResult>>> All(SuiteOptions options, ScenarioRunner runner)
    {
        var scenarios = new LongConnectionScenarios(options, runner);
        var all = new Dictionary<string, Func<Task<ScenarioResult>>>(StringComparer.Ordinal);
        if (options.StreamRoute is not null)
        {
            all["streams"] = scenarios.StreamsAsync;
            all["slow-streams"] = scenarios.SlowStreamsAsync;
        }

        if (options.WebSocketRoute is not null)
        {
            all["websocket-idle"] = scenarios.IdleAsync;
            all["websocket-talk"] = scenarios.TalkAsync;
            all["websocket-half"] = scenarios.HalfAsync;
            all["websocket-slow"] = scenarios.SlowAsync;
            all["websocket-new"] = scenarios.NewAsync;
            all["websocket-deaf"] = scenarios.DeafAsync;
        }

        return all;
    }

    // As many as there are clients, all at once: each gets what it was promised last, and the last chunk.
    private Task<ScenarioResult> StreamsAsync() => _runner.RunAsync("streams", async (server, tally, faults) =>
    {
        var clients = await StreamAsync(server, _options.Clients);
        await Task.WhenAll(clients.Select(static client => client.ReadSomeAsync()));
        await server.StopAsync();
        await EndStreamsAsync(clients, tally, faults);
    });

    // Who reads nothing until long after the signal.
    private Task<ScenarioResult> SlowStreamsAsync() => _runner.RunAsync("slow-streams", async (server, tally, faults) =>
    {
        var clients = await StreamAsync(server, 10);
        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(TimeSpan.FromSeconds(1));
        await EndStreamsAsync(clients, tally, faults);
    });

    // Each has said something before, and stays silent.
    private Task<ScenarioResult> IdleAsync() => _runner.RunAsync("websocket-idle", async (server, tally, faults) =>
    {
        var peers = await OpenAsync(server, 3 * _options.Clients, tally);
        foreach (var peer in peers)
        {
            await peer.TrySendAsync("hello");
            tally.Add(await peer.ReadEchoAsync("hello"));
        }

        await server.StopAsync();
        await FinishAsync(peers, faults);
    });

    // Clients that go on until they are told.
    private Task<ScenarioResult> TalkAsync() => _runner.RunAsync("websocket-talk", async (server, tally, faults) =>
    {
        var peers = await OpenAsync(server, _options.Clients, tally);
        var talking = peers.Select((peer, number) => TalkAsync(peer, tally, new Random(_options.Seed + number))).ToList();
        await Task.Delay(_random.Next(200, 1200));
        await server.StopAsync();
        await Task.WhenAll(talking);
        await FinishAsync(peers, faults);
    });

    // The first half of a message before the signal, the second after it.
    private Task<ScenarioResult> HalfAsync() => _runner.RunAsync("websocket-half", async (server, tally, faults) =>
    {
        var peers = await OpenAsync(server, 10, tally);
        await Task.WhenAll(peers.Select(static peer => peer.TrySendAsync("the first half, ", isLast: false)));
        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(Moment);
        foreach (var peer in peers)
        {
            await peer.TrySendAsync("and the second", isFirst: false);
            tally.Add(await peer.ReadEchoAsync("the first half, and the second"));
        }

        await FinishAsync(peers, faults);
    });

    // The server is in the middle of a long message, to clients that read it late.
    private Task<ScenarioResult> SlowAsync() => _runner.RunAsync("websocket-slow", async (server, tally, faults) =>
    {
        var message = new string('x', 4 << 20);
        var peers = await OpenAsync(server, 4, tally);
        var sending = peers.Select(peer => peer.TrySendAsync(message)).ToList();
        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(TimeSpan.FromSeconds(1));
        await Task.WhenAll(peers.Select(async peer => tally.Add(await peer.ReadEchoAsync(message))));
        await Task.WhenAll(sending);
        await FinishAsync(peers, faults);
    });

    // Handshakes at every moment of the stop: refused before they were sent, or accepted, answered and told.
    private Task<ScenarioResult> NewAsync() => _runner.RunAsync("websocket-new", async (server, tally, faults) =>
    {
        var (stopped, accepted, wrong) = (false, 0, 0);
        var opening = Enumerable.Range(0, 16).Select(async number =>
        {
            while (!Volatile.Read(ref stopped))
            {
                var wasSent = false;
                using var peer = await WebSocketPeer.TryOpenAsync(server.Port, _options.IsTls, _options.WebSocketRoute!, () => wasSent = true);
                if (peer is null)
                {
                    tally.Add(wasSent ? RequestFate.Lost : RequestFate.RefusedBeforeSending);
                    continue;
                }

                Interlocked.Increment(ref accepted);
                var text = number.ToString(CultureInfo.InvariantCulture);
                await peer.TrySendAsync(text);
                tally.Add(await peer.ReadEchoAsync(text));
                if (!await peer.FinishAfterAsync())
                {
                    Interlocked.Increment(ref wrong);
                }
            }
        }).ToList();
        await Task.Delay(_random.Next(200, 600));
        await server.StopAsync();
        await Task.Delay(Moment);
        Volatile.Write(ref stopped, true);
        await Task.WhenAll(opening);
        tally.WebSockets = accepted;
        if (wrong > 0)
        {
            faults.Add($"{wrong} WebSockets did not end in order");
        }
    });

    // Who never answers the close frame is cut off at the deadline, and the exit code says so; the others are not harmed.
    private Task<ScenarioResult> DeafAsync() => _runner.RunAsync("websocket-deaf", async (server, tally, faults) =>
    {
        var deaf = await OpenAsync(server, 3, tally);
        var peers = await OpenAsync(server, 3, tally);
        await Task.Delay(Moment);
        await server.StopAsync();
        await FinishAsync(peers, faults);
        foreach (var peer in deaf)
        {
            while (await peer.ReadAsync() is not null)
            {
                // There is nothing but the close frame.
            }

            if (peer.CloseCode != WebSocketPeer.GoingAway)
            {
                faults.Add($"a client was closed with {peer.CloseCode}");
            }
        }

        await server.ExitAsync(_runner.Patience);
        deaf.ForEach(static peer => peer.Dispose());
    }, mayTakeAllTime: true, mustBeClean: false);

    private static async Task TalkAsync(WebSocketPeer peer, Tally tally, Random random)
    {
        for (var number = 0; peer.CloseCode == 0; number++)
        {
            var text = number.ToString(CultureInfo.InvariantCulture);
            if (!await peer.TrySendAsync(text))
            {
                tally.Add(RequestFate.Reset);
                return;
            }

            tally.Add(await peer.ReadEchoAsync(text));
            await Task.Delay(random.Next(0, 50));
        }
    }

    private async Task<List<WebSocketPeer>> OpenAsync(ServerProcess server, int count, Tally tally)
    {
        var peers = new List<WebSocketPeer>();
        for (var number = 0; number < count; number++)
        {
            var reason = "";
            peers.Add(await WebSocketPeer.TryOpenAsync(server.Port, _options.IsTls, _options.WebSocketRoute!, refused: why => reason = why)
                ?? throw new InvalidOperationException($"The server refused a WebSocket before it was told to stop: {reason}"));
        }

        tally.WebSockets = (tally.WebSockets ?? 0) + count;
        return peers;
    }

    private static async Task FinishAsync(List<WebSocketPeer> peers, List<string> faults)
    {
        var ended = await Task.WhenAll(peers.Select(static peer => peer.FinishAsync()));
        var codes = string.Join(", ", peers.Select(static peer => peer.CloseCode).Distinct());
        if (ended.Count(static isRight => !isRight) is > 0 and var wrong)
        {
            faults.Add($"{wrong} WebSockets were not closed with {WebSocketPeer.GoingAway} and ended in order; codes: {codes}");
        }

        peers.ForEach(static peer => peer.Dispose());
    }

    private async Task<List<Client>> StreamAsync(ServerProcess server, int count)
    {
        var clients = new List<Client>();
        for (var number = 0; number < count; number++)
        {
            clients.Add(await Client.TryConnectAsync(server.Port, _options.IsTls) ?? throw new InvalidOperationException("The server refused a connection before it was told to stop."));
            await clients[^1].TrySendAsync(Client.Get(_options.StreamRoute!));
        }

        return clients;
    }

    private async Task EndStreamsAsync(List<Client> clients, Tally tally, List<string> faults)
    {
        await Task.WhenAll(clients.Select(async client => tally.Add(await client.ReadAnswerAsync())));

        // What a client that loses a stream of events goes by is when to come back; only our own report says that it is our own server.
        if (_options.ReportPath is not null && clients.Count(static client => !(client.Body ?? "").Contains("\nretry: ", StringComparison.Ordinal)) is > 0 and var untold)
        {
            faults.Add($"{untold} streams ended without a word on when to come back");
        }

        clients.ForEach(static client => client.Dispose());
    }
}
