using System.Globalization;
using System.Text.Json;

namespace PipeServer.DrainSuite;

/// <summary>
/// What can be in the way of the stop of HTTP/2 connections. A server that says twice that it goes, first with the highest number that a stream can have
/// and then, when it knows that its client has heard that, with the last one that it has taken, loses none and has none sent again (RFC 9113 §6.8).
/// </summary>
internal sealed class Http2Scenarios
{
    private const int StreamsEach = 4;

    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(300);

    private readonly SuiteOptions _options;
    private readonly ScenarioRunner _runner;
    private readonly Random _random;

    private Http2Scenarios(SuiteOptions options, ScenarioRunner runner)
    {
        _options = options;
        _runner = runner;
        _random = new Random(options.Seed);
    }

    /// <summary>All of them, by name, in the order of the scorecard.</summary>
    public static Dictionary<string, Func<Task<ScenarioResult>>> All(SuiteOptions options, ScenarioRunner runner)
    {
        var scenarios = new Http2Scenarios(options, runner);
        var all = new Dictionary<string, Func<Task<ScenarioResult>>>(StringComparer.Ordinal)
        {
            ["nothing-to-do"] = () => runner.RunAsync("nothing-to-do", static (_, _) => Task.CompletedTask),
            ["in-flight"] = scenarios.InFlightAsync,
            ["half-sent-body"] = scenarios.HalfSentBodyAsync,
            ["half-sent-head"] = scenarios.HalfSentHeadAsync,
            ["half-sent-preface"] = scenarios.HalfSentPrefaceAsync,
            ["blocked"] = () => scenarios.BlockedAsync("blocked", new string('x', 1000)),
            ["blocked-upload"] = () => scenarios.BlockedAsync("blocked-upload", new string('x', 1 << 20)),
            ["talk"] = scenarios.TalkAsync,
            ["one-request-each"] = scenarios.OneRequestEachAsync,
            ["unaccepted"] = scenarios.UnacceptedAsync,
            ["idle"] = scenarios.IdleAsync,
            ["between"] = scenarios.BetweenAsync,
            ["deaf"] = scenarios.DeafAsync,
            ["canceled"] = scenarios.CanceledAsync,
            ["slow-head"] = scenarios.SlowHeadAsync,
            ["second-signal"] = scenarios.SecondSignalAsync,
            ["deadline"] = scenarios.DeadlineAsync,
        };
        if (options.StreamRoute is not null)
        {
            all["streams"] = scenarios.StreamsAsync;
        }

        return all;
    }

    // Slow handlers, several a connection.
    private Task<ScenarioResult> InFlightAsync() => _runner.RunAsync("in-flight", async (server, tally) =>
    {
        var peers = await ConnectAsync(server, 2);
        var running = peers.SelectMany(peer => Enumerable.Range(0, 2).Select(_ => peer.ExchangeAsync(_options.SlowRoute))).ToList();
        await Task.Delay(Moment);
        await server.StopAsync();
        await CountAsync(running, tally);
        await LeaveAsync(peers);
    });

    private Task<ScenarioResult> HalfSentBodyAsync() => _runner.RunAsync("half-sent-body", async (server, tally) =>
    {
        const string Body = "a body in two halves";
        var peers = await ConnectAsync(server, 5);
        var calls = peers.SelectMany(peer => Enumerable.Range(0, 2).Select(_ => (Peer: peer, Call: Begin(peer, _options.EchoRoute, Body)))).ToList();
        await Task.WhenAll(calls.Select(static item => item.Peer.SendAsync(item.Call, Body[..8], isLast: false)));
        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(Moment);
        await Task.WhenAll(calls.Select(static item => item.Peer.SendAsync(item.Call, Body[8..])));
        await CountAsync(calls.Select(static item => item.Call.Fate), tally);
        await LeaveAsync(peers);
    });

    // HEADERS before the signal, CONTINUATION after it: nothing else may stand between them, no acknowledgement of a ping either.
    private Task<ScenarioResult> HalfSentHeadAsync() => _runner.RunAsync("half-sent-head", async (server, tally) =>
    {
        var rest = new TaskCompletionSource();
        var peers = await ConnectAsync(server, 10);
        var calls = peers.ConvertAll(peer => Begin(peer, _options.EchoRoute, "hello", rest.Task));
        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(Moment);
        rest.SetResult();
        await Task.WhenAll(peers.Zip(calls, static (peer, call) => peer.SendAsync(call, "hello")));
        await CountAsync(calls.Select(static call => call.Fate), tally);
        await LeaveAsync(peers);
    });

    private Task<ScenarioResult> HalfSentPrefaceAsync() => _runner.RunAsync("half-sent-preface", async (server, tally) =>
    {
        var rest = new TaskCompletionSource();
        var peers = new List<Http2Peer>();
        for (var number = 0; number < 10; number++)
        {
            peers.Add(await BeginAsync(server, rest.Task));
        }

        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(Moment / 2);
        rest.SetResult();
        await CountAsync(peers.Select(peer => peer.ExchangeAsync(_options.EchoRoute, "hello", evenIfTold: true)), tally);
        await LeaveAsync(peers);
    });

    // Streams whose windows are shut at the signal, and opened later: of answers that are whole, and of some whose requests have to wait for them.
    private Task<ScenarioResult> BlockedAsync(string name, string body) => _runner.RunAsync(name, async (server, tally) =>
    {
        var peers = await ConnectAsync(server, 4, window: 0);
        var calls = peers.ConvertAll(peer => Begin(peer, _options.EchoRoute, body));
        var sending = peers.Zip(calls, (peer, call) => peer.SendAsync(call, body)).ToList();
        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(TimeSpan.FromSeconds(1));
        foreach (var (peer, call) in peers.Zip(calls))
        {
            peer.OpenWindow(call);
        }

        await CountAsync(calls.Select(static call => call.Fate), tally);
        await Task.WhenAll(sending);
        await LeaveAsync(peers);
    });

    // Clients that go on, on several streams, until they are told or shown that it is over.
    private Task<ScenarioResult> TalkAsync() => _runner.RunAsync("talk", async (server, tally, faults) =>
    {
        var peers = await ConnectAsync(server, _options.Clients);
        var talking = peers.SelectMany((peer, number) => Enumerable.Range(0, StreamsEach)
            .Select(stream => TalkAsync(peer, tally, new Random(_options.Seed + (number * StreamsEach) + stream), stream))).ToList();
        await Task.Delay(_random.Next(200, 1200));
        await server.StopAsync();
        await Task.WhenAll(talking);
        await EndAsync(peers, faults);
    });

    private Task<ScenarioResult> OneRequestEachAsync() => _runner.RunAsync("one-request-each", async (server, tally) =>
    {
        var stopped = false;
        var running = Enumerable.Range(0, 16).Select(async number =>
        {
            while (!Volatile.Read(ref stopped))
            {
                using var peer = await Http2Peer.TryConnectAsync(server.Port, _options.IsTls);
                var body = number.ToString(CultureInfo.InvariantCulture);
                tally.Add(peer is null ? RequestFate.RefusedBeforeSending : await peer.ExchangeAsync(_options.EchoRoute, body));
            }
        }).ToList();
        await Task.Delay(_random.Next(200, 600));
        await server.StopAsync();
        await Task.Delay(Moment);
        Volatile.Write(ref stopped, true);
        await Task.WhenAll(running);
    });

    // Connections that the system has taken and the server has not seen: they count on being served.
    private Task<ScenarioResult> UnacceptedAsync() => _runner.RunAsync("unaccepted", async (server, tally) =>
    {
        await server.SignalAsync("STOP");
        var peers = new List<Http2Peer>();
        for (var number = 0; number < 50; number++)
        {
            peers.Add(await BeginAsync(server));
        }

        var running = peers.ConvertAll(peer => peer.ExchangeAsync(_options.EchoRoute, "hello"));
        await server.StopAsync();
        await server.SignalAsync("CONT");
        await CountAsync(running, tally);
        await LeaveAsync(peers);
    });

    private Task<ScenarioResult> IdleAsync() => _runner.RunAsync("idle", async (server, tally, faults) =>
    {
        var peers = await ConnectAsync(server, 100);
        await CountAsync(peers.Select(peer => peer.ExchangeAsync(_options.EchoRoute, "x")), tally);
        await server.StopAsync();
        await EndAsync(peers, faults);
    });

    // Who has not answered the ping yet may not have heard that the server goes: what it sends meanwhile is served.
    private Task<ScenarioResult> BetweenAsync() => _runner.RunAsync("between", async (server, tally, faults) =>
    {
        var peers = await ConnectAsync(server, 10, holdsPings: true);
        await CountAsync(peers.Select(peer => peer.ExchangeAsync(_options.EchoRoute, "before")), tally);
        await server.StopAsync();
        await Task.WhenAll(peers.Select(async peer =>
        {
            await peer.Told.WaitAsync(_runner.Patience);

            // A server that says it once has said all: a client that goes on then breaks the protocol.
            var isOver = peer.LastStreamId != int.MaxValue;
            var running = Enumerable.Range(0, StreamsEach)
                .Select(_ => isOver ? Task.FromResult(RequestFate.RefusedBeforeSending) : peer.ExchangeAsync(_options.EchoRoute, "between", evenIfTold: true)).ToList();
            peer.AnswerPings();
            await CountAsync(running, tally);
        }));
        await EndAsync(peers, faults);
    });

    // Who never answers the ping is served, told that it is over, and holds up nobody.
    private Task<ScenarioResult> DeafAsync() => _runner.RunAsync("deaf", async (server, tally, faults) =>
    {
        var peers = await ConnectAsync(server, 3, holdsPings: true);
        var running = peers.ConvertAll(peer => peer.ExchangeAsync(_options.SlowRoute));
        await Task.Delay(Moment);
        await server.StopAsync();
        await CountAsync(running, tally);
        await EndAsync(peers, faults);
    });

    // Streams that their clients end before the answer, beside others.
    private Task<ScenarioResult> CanceledAsync() => _runner.RunAsync("canceled", async (server, tally, faults) =>
    {
        var peers = await ConnectAsync(server, 4);
        var canceled = peers.ConvertAll(peer => Begin(peer, _options.SlowRoute));
        await Task.Delay(Moment);
        var running = peers.ConvertAll(peer => peer.ExchangeAsync(_options.EchoRoute, "beside"));
        await server.StopAsync();
        foreach (var (peer, call) in peers.Zip(canceled))
        {
            peer.Cancel(call);
        }

        await CountAsync(running, tally);
        await EndAsync(peers, faults);
    });

    // Heads and prefaces that never come to an end hold up nobody who is to be answered, nor the end beyond the grace period.
    private Task<ScenarioResult> SlowHeadAsync() => _runner.RunAsync("slow-head", async (server, tally) =>
    {
        var never = new TaskCompletionSource();
        var slow = await ConnectAsync(server, 50);
        slow.ForEach(peer => Begin(peer, _options.EchoRoute, "never", never.Task));
        for (var number = 0; number < 50; number++)
        {
            slow.Add(await BeginAsync(server, never.Task));
        }

        var peers = await ConnectAsync(server, 4);
        var running = peers.ConvertAll(peer => peer.ExchangeAsync(_options.SlowRoute));
        await Task.Delay(Moment);
        await server.StopAsync();
        await CountAsync(running, tally);
        await LeaveAsync(peers);
        await Task.Delay(Moment);
        slow.ForEach(static peer => peer.Dispose());
    }, mayTakeAllTime: true);

    private Task<ScenarioResult> StreamsAsync() => _runner.RunAsync("streams", async (server, tally, faults) =>
    {
        var peers = await ConnectAsync(server, 25);
        var calls = peers.SelectMany(peer => Enumerable.Range(0, StreamsEach).Select(_ => Begin(peer, _options.StreamRoute!))).ToList();
        await Task.WhenAll(calls.Select(static call => call.Begun)).WaitAsync(_runner.Patience);
        await server.StopAsync();
        await CountAsync(calls.Select(static call => call.Fate), tally);
        await EndAsync(peers, faults);
    });

    private Task<ScenarioResult> SecondSignalAsync() => _runner.RunAsync("second-signal", async (server, _, faults) =>
    {
        var peers = await ConnectAsync(server, 1);
        Begin(peers[0], _options.EndlessRoute);
        await Task.Delay(Moment);
        await server.StopAsync();
        await Task.Delay(Moment);
        await _runner.CheckSecondSignalAsync(server, faults);
    }, mayTakeAllTime: _options.IgnoresSecondSignal, mustBeClean: false);

    // What is cut off is named, each stream of its own; who is done in time is answered.
    private Task<ScenarioResult> DeadlineAsync() => _runner.RunAsync("deadline", async (server, tally, faults) =>
    {
        var peers = await ConnectAsync(server, 1);
        for (var number = 0; number < 3; number++)
        {
            Begin(peers[0], _options.EndlessRoute);
        }

        var beside = peers[0].ExchangeAsync(_options.SlowRoute);
        await Task.Delay(Moment);
        await server.StopAsync();
        await CountAsync([beside], tally);
        await server.ExitAsync(_runner.Patience);
        if (_options.ReportPath is not null)
        {
            using var report = JsonDocument.Parse(await File.ReadAllTextAsync(_options.ReportPath));
            var path = _options.EndlessRoute.Split('?')[0];
            var named = report.RootElement.GetProperty("cutOff").EnumerateArray().Count(line => line.GetString()!.Contains(path, StringComparison.Ordinal));
            if (named != 3)
            {
                faults.Add($"3 streams were cut off, the report names {named}");
            }
        }
    }, mayTakeAllTime: true, mustBeClean: false);

    private async Task TalkAsync(Http2Peer peer, Tally tally, Random random, int stream)
    {
        for (var number = 0; ; number++)
        {
            var fate = await peer.ExchangeAsync(_options.EchoRoute, $"{stream}-{number}");
            tally.Add(fate);
            if (fate != RequestFate.Answered)
            {
                return;
            }

            await Task.Delay(random.Next(0, 100));
        }
    }

    private static Http2Call Begin(Http2Peer peer, string path, string? body = null, Task? beforeHalfHead = null) =>
        peer.TryBegin(path, body, beforeHalfHead) ?? throw new InvalidOperationException("The server ended a connection before it was told to stop.");

    private async Task<Http2Peer> BeginAsync(ServerProcess server, Task? beforeHalfPreface = null) =>
        await Http2Peer.TryBeginAsync(server.Port, _options.IsTls, beforeHalfPreface)
        ?? throw new InvalidOperationException("The server refused a connection before it was told to stop.");

    private async Task<List<Http2Peer>> ConnectAsync(ServerProcess server, int count, int window = 1 << 24, bool holdsPings = false)
    {
        var peers = new List<Http2Peer>();
        for (var number = 0; number < count; number++)
        {
            peers.Add(await Http2Peer.TryConnectAsync(server.Port, _options.IsTls, window, holdsPings)
                ?? throw new InvalidOperationException("The server refused a connection before it was told to stop."));
        }

        return peers;
    }

    private static async Task CountAsync(IEnumerable<Task<RequestFate>> running, Tally tally)
    {
        foreach (var request in running.ToList())
        {
            tally.Add(await request.WaitAsync(TimeSpan.FromSeconds(60)));
        }
    }

    // Who has what it wants goes, as soon as it is told to.
    private async Task LeaveAsync(List<Http2Peer> peers)
    {
        foreach (var peer in peers)
        {
            await peer.Told.WaitAsync(_runner.Patience);
            peer.Dispose();
        }
    }

    // The server ends each connection, in order, and has said before that it goes.
    private async Task EndAsync(List<Http2Peer> peers, List<string> faults)
    {
        var ended = await Task.WhenAll(peers.Select(static peer => peer.Ended)).WaitAsync(_runner.Patience);
        if (ended.Count(static isInOrder => !isInOrder) is > 0 and var cut)
        {
            faults.Add($"{cut} connections were reset, or cut off, instead of closed");
        }

        if (peers.Count(static peer => peer.GoAways == 0 || peer.Error != 0) is > 0 and var untold)
        {
            faults.Add($"{untold} connections ended without a word, or with an error");
        }

        peers.ForEach(static peer => peer.Dispose());
    }
}
