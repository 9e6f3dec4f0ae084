using System.Globalization;

namespace PipeServer.DrainSuite;

/// <summary>
/// What can be in the way of a stop, one method each: each starts a server, brings it into that situation, sends the signal,
/// counts what becomes of every request, and says what does not hold.
/// </summary>
internal sealed class Scenarios(SuiteOptions options)
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);

    private readonly Random _random = new(options.Seed);
    private readonly ScenarioRunner _runner = new(options);

    /// <summary>All of them, by name, in the order of the scorecard.</summary>
    public IReadOnlyDictionary<string, Func<Task<ScenarioResult>>> All => options.IsHttp2 ? Http2Scenarios.All(options, _runner)
        : options.IsTls
        ? new Dictionary<string, Func<Task<ScenarioResult>>>(OfAny, StringComparer.Ordinal)
        {
            ["handshake"] = HandshakeAsync,
            ["half-handshakes"] = HalfHandshakesAsync,
        }
        : OfAny;

    // Whatever the connections are.
    private Dictionary<string, Func<Task<ScenarioResult>>> OfAny => new(LongConnectionScenarios.All(options, _runner), StringComparer.Ordinal)
    {
        ["nothing-to-do"] = () => _runner.RunAsync("nothing-to-do", static (_, _) => Task.CompletedTask),
        ["in-flight-get"] = InFlightGetAsync,
        ["half-sent-post"] = HalfSentPostAsync,
        ["half-sent-head"] = HalfSentHeadAsync,
        ["pipelined"] = PipelinedAsync,
        ["keep-alive"] = KeepAliveAsync,
        ["one-request-each"] = OneRequestEachAsync,
        ["idle"] = IdleAsync,
        ["unaccepted"] = UnacceptedAsync,
        ["slow-reader"] = SlowReaderAsync,
        ["slowloris"] = SlowlorisAsync,
        ["stream"] = StreamAsync,
        ["second-signal"] = SecondSignalAsync,
        ["deadline"] = DeadlineAsync,
    };

    private Task<ScenarioResult> InFlightGetAsync() => _runner.RunAsync("in-flight-get", async (server, tally) =>
    {
        var clients = await ConnectAsync(server, 4);
        foreach (var client in clients)
        {
            await client.TrySendAsync(Client.Get(options.SlowRoute));
        }

        await Task.Delay(Moment);
        await server.StopAsync();
        await AnswerAsync(clients, tally);
    });

    private Task<ScenarioResult> HalfSentPostAsync() => HalfSentAsync("half-sent-post", "a body in two halves", cut: ^10);

    private Task<ScenarioResult> HalfSentHeadAsync() => HalfSentAsync("half-sent-head", "hello", cut: 20);

    private Task<ScenarioResult> HalfSentAsync(string name, string body, Index cut) => _runner.RunAsync(name, async (server, tally) =>
    {
        var request = Client.Post(options.EchoRoute, body);
        var clients = await ConnectAsync(server, 10);
        foreach (var client in clients)
        {
            await client.TrySendAsync(request[..cut]);
        }

        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(Moment);
        foreach (var client in clients)
        {
            tally.Add(await client.TrySendAsync(request[cut..]) ? await client.ReadAnswerAsync(body) : RequestFate.Reset);
            client.Dispose();
        }
    });

    private Task<ScenarioResult> PipelinedAsync() => _runner.RunAsync("pipelined", async (server, tally) =>
    {
        var clients = await ConnectAsync(server, 5);
        foreach (var client in clients)
        {
            await client.TrySendAsync(Client.Get(options.SlowRoute)
                + string.Concat(Enumerable.Range(1, 9).Select(number => Client.Post(options.EchoRoute, $"{number}"))));
        }

        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.WhenAll(clients.Select(async client =>
        {
            tally.Add(await client.ReadAnswerAsync());
            for (var number = 1; number <= 9; number++)
            {
                tally.Add(await client.ReadAnswerAsync($"{number}"));
            }

            client.Dispose();
        }));
    });

    // Clients that go on until they are told or shown that it is over.
    private Task<ScenarioResult> KeepAliveAsync() => _runner.RunAsync("keep-alive", async (server, tally) =>
    {
        var running = (await ConnectAsync(server, options.Clients)).Select((client, number) => TalkAsync(client, tally, new Random(options.Seed + number))).ToList();
        await Task.Delay(_random.Next(200, 1200));
        await server.StopAsync();
        await Task.WhenAll(running);
    });

    private Task<ScenarioResult> OneRequestEachAsync() => _runner.RunAsync("one-request-each", async (server, tally) =>
    {
        var stopped = false;
        var running = Enumerable.Range(0, 16).Select(async number =>
        {
            while (!Volatile.Read(ref stopped))
            {
                using var client = await Client.TryConnectAsync(server.Port, options.IsTls);
                tally.Add(client is null ? RequestFate.RefusedBeforeSending : await client.ExchangeAsync(Client.Post(options.EchoRoute, $"{number}"), $"{number}"));
            }
        }).ToList();
        await Task.Delay(_random.Next(200, 600));
        await server.StopAsync();
        await Task.Delay(Moment);
        Volatile.Write(ref stopped, true);
        await Task.WhenAll(running);
    });

    private Task<ScenarioResult> IdleAsync() => _runner.RunAsync("idle", async (server, tally, faults) =>
    {
        var clients = await ConnectAsync(server, 100);
        foreach (var client in clients)
        {
            tally.Add(await client.ExchangeAsync(Client.Post(options.EchoRoute, "x"), "x"));
        }

        await server.StopAsync();
        var (resets, cuts) = (0, 0);
        foreach (var client in clients)
        {
            resets += await client.ReadToEndAsync() ? 0 : 1;
            cuts += client.HasEndedInOrder ? 0 : 1;
            client.Dispose();
        }

        if (resets > 0)
        {
            faults.Add($"{resets} idle connections were reset instead of closed");
        }

        if (cuts > 0)
        {
            faults.Add($"{cuts} idle connections ended without a close_notify");
        }
    });

    // Handshakes that are under way: they may be finished, and one request on each is served.
    private Task<ScenarioResult> HandshakeAsync() => _runner.RunAsync("handshake", async (server, tally) =>
    {
        var clients = new List<Client>();
        foreach (var held in new[] { HeldHandshake.WithinHello, HeldHandshake.AfterHello })
        {
            for (var number = 0; number < 10; number++)
            {
                clients.Add(await BeginAsync(server, held));
            }
        }

        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(Moment);
        await Task.WhenAll(clients.Select(async client =>
        {
            client.Release();
            tally.Add(await client.TrySendAsync(Client.Post(options.EchoRoute, "hello")) ? await client.ReadAnswerAsync("hello") : RequestFate.Reset);
            client.Dispose();
        }));
    });

    // Handshakes that never go on hold up nobody who is to be answered, nor the end beyond the grace period.
    private Task<ScenarioResult> HalfHandshakesAsync() => _runner.RunAsync("half-handshakes", async (server, tally) =>
    {
        var clients = await ConnectAsync(server, 4);
        var half = new List<Client>();
        for (var number = 0; number < 100; number++)
        {
            half.Add(await BeginAsync(server, number % 2 == 0 ? HeldHandshake.WithinHello : HeldHandshake.AfterHello));
        }

        foreach (var client in clients)
        {
            await client.TrySendAsync(Client.Get(options.SlowRoute));
        }

        await Task.Delay(Moment);
        await server.StopAsync();
        await AnswerAsync(clients, tally);
        await server.ExitAsync(_runner.Patience);
        half.ForEach(static client => client.Dispose());
    }, mayTakeAllTime: true);

    // Handshakes that the system has finished and the server has not seen: they count on being served.
    private Task<ScenarioResult> UnacceptedAsync() => _runner.RunAsync("unaccepted", async (server, tally) =>
    {
        await server.SignalAsync("STOP");
        var clients = new List<Client>();
        for (var number = 0; number < 50; number++)
        {
            clients.Add(await BeginAsync(server));
        }

        // With TLS they have to wait for the server's side of the handshake.
        var sending = clients.Select(client => client.TrySendAsync(Client.Post(options.EchoRoute, "hello"))).ToList();
        await server.StopAsync();
        await server.SignalAsync("CONT");
        await AnswerAsync(clients, tally, "hello");
        await Task.WhenAll(sending);
    });

    private Task<ScenarioResult> SlowReaderAsync() => _runner.RunAsync("slow-reader", async (server, tally) =>
    {
        var body = new string('x', 1 << 20);
        var clients = await ConnectAsync(server, 4);
        var sending = clients.Select(client => client.TrySendAsync(Client.Post(options.EchoRoute, body))).ToList();
        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(TimeSpan.FromSeconds(1));
        await Task.WhenAll(clients.Select(client => AnswerAsync([client], tally, body)));
        await Task.WhenAll(sending);
    });

    private Task<ScenarioResult> SlowlorisAsync() => _runner.RunAsync("slowloris", async (server, tally) =>
    {
        var slow = await ConnectAsync(server, 100);
        foreach (var client in slow)
        {
            await client.TrySendAsync("GET / HTTP/1.1\r\nHost: a\r\nX-a:");
        }

        var clients = await ConnectAsync(server, 4);
        foreach (var client in clients)
        {
            await client.TrySendAsync(Client.Get(options.SlowRoute));
        }

        await Task.Delay(Moment);
        await server.StopAsync();
        await AnswerAsync(clients, tally);
        for (var round = 0; round < 3; round++)
        {
            foreach (var client in slow)
            {
                await client.TrySendAsync(" b\r\nX-a:");
            }

            await Task.Delay(Moment);
        }

        slow.ForEach(static client => client.Dispose());
    }, mayTakeAllTime: true);

    private async Task<ScenarioResult> StreamAsync() => options.StreamRoute is null
        ? new ScenarioResult("stream", new Tally(), 0, 0, [])
        : await _runner.RunAsync("stream", async (server, tally) =>
        {
            var clients = await ConnectAsync(server, 3);
            foreach (var client in clients)
            {
                await client.TrySendAsync(Client.Get(options.StreamRoute));
                await client.ReadSomeAsync();
            }

            await server.StopAsync();
            await AnswerAsync(clients, tally);
        });

    private Task<ScenarioResult> SecondSignalAsync() => _runner.RunAsync("second-signal", async (server, _, faults) =>
    {
        using var client = await Client.TryConnectAsync(server.Port, options.IsTls);
        await client!.TrySendAsync(Client.Get(options.EndlessRoute));
        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(Moment);
        await _runner.CheckSecondSignalAsync(server, faults);
    }, mayTakeAllTime: options.IgnoresSecondSignal, mustBeClean: false);

    private Task<ScenarioResult> DeadlineAsync() => _runner.RunAsync("deadline", async (server, _) =>
    {
        using var client = await Client.TryConnectAsync(server.Port, options.IsTls);
        await client!.TrySendAsync(Client.Get(options.EndlessRoute));
        await Task.Delay(Moment);
        await server.StopAsync();
        await client.ReadToEndAsync();
    }, mayTakeAllTime: true, mustBeClean: false);

    private async Task TalkAsync(Client client, Tally tally, Random random)
    {
        using (client)
        {
            for (var number = 0; ; number++)
            {
                var body = number.ToString(CultureInfo.InvariantCulture);
                var fate = await client.ExchangeAsync(Client.Post(options.EchoRoute, body), body);
                tally.Add(fate);
                if (fate != RequestFate.Answered || client.WasToldToClose)
                {
                    return;
                }

                await Task.Delay(random.Next(0, 100));
            }
        }
    }

    private async Task<Client> BeginAsync(ServerProcess server, HeldHandshake held = HeldHandshake.None) =>
        await Client.TryBeginAsync(server.Port, options.IsTls, held)
        ?? throw new InvalidOperationException("The server refused a connection before it was told to stop.");

    private async Task<List<Client>> ConnectAsync(ServerProcess server, int count)
    {
        var clients = new List<Client>();
        for (var number = 0; number < count; number++)
        {
            clients.Add(await Client.TryConnectAsync(server.Port, options.IsTls) ?? throw new InvalidOperationException("The server refused a connection before it was told to stop."));
        }

        return clients;
    }

    private static async Task AnswerAsync(IEnumerable<Client> clients, Tally tally, string? expectedBody = null)
    {
        foreach (var client in clients)
        {
            tally.Add(await client.ReadAnswerAsync(expectedBody));
            client.Dispose();
        }
    }
}
