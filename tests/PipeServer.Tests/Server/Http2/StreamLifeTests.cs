using System.Net;
using PipeServer.Fuzz.Http2;
using PipeServer.Fuzz.Http2Fuzz;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// Streams that live and die at random, on every dispatch: answered, reset before, within and behind their bodies, left open until their connection goes.
/// Every answer belongs to its request, and in the end everything is back where it was.
/// </summary>
public sealed class StreamLifeTests
{
    private const int Clients = 8;
    private const int RoundsEach = 6;
    private const int StreamsEach = 12;

    public static TheoryData<string> Names => OperatingSystem.IsLinux() ? ["memory", "epoll", "sockets"] : ["memory", "sockets"];

    [Theory]
    [MemberData(nameof(Names))]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task Every_answer_is_its_requests_and_in_the_end_all_is_back(string transport)
    {
        var routes = new Http2FuzzServer();
        await using var server = await TestServer.StartAsync(transport, routes.Map, static options =>
            options.Endpoints.Add(new HttpEndpoint(IPAddress.Loopback, 0) { Protocols = HttpProtocols.Http1 | HttpProtocols.Http2 }));
        var seed = Environment.TickCount;
        var next = 0;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            for (var connection = 0; connection < Stress.Rounds(8); connection++)
            {
                var number = Interlocked.Increment(ref next);
                await LiveAsync(server, new Random(seed + number), number);
            }
        }));

        // While the server goes on: nobody waits for the stop to give anything back.
        await Eventually.TrueAsync(() => routes.Running == 0, $"all handlers have returned, seed {seed}");
        await Eventually.TrueAsync(() => server.Server.GetStatistics().ThreadPool is { Active: 0, Queued: 0 }, $"all permits are back, seed {seed}");
        await Eventually.TrueAsync(() => server.Server.Requests.InFlight == 0, $"no request is in flight, seed {seed}");
        var report = await server.Server.StopAsync();
        var (connections, requests) = (server.Server.Connections, server.Server.Requests);
        Assert.Equal(ShutdownOutcome.Drained, report.Outcome);
        Assert.Equal(connections.Accepted, connections.Closed + connections.Aborted + connections.Refused);
        Assert.Equal(requests.Received, requests.Completed + requests.Refused + requests.Aborted);
    }

    // A connection whose streams are reset over and over has as many of them as at first: a slot that was not given back would be missed in the end.
    [Theory]
    [MemberData(nameof(Names))]
    public async Task Slots_of_reset_streams_come_back(string transport)
    {
        const int MaxStreams = 4;
        var routes = new Http2FuzzServer();
        await using var server = await TestServer.StartAsync(transport, routes.Map, static options =>
        {
            options.MaxStreamsPerConnection = MaxStreams;
            options.Endpoints.Add(new HttpEndpoint(IPAddress.Loopback, 0) { Protocols = HttpProtocols.Http1 | HttpProtocols.Http2 });
        });
        using var end = await ClientEnd.ConnectAsync(server.Server, server.Transport);
        await using var client = new Http2TestClient(end.Stream);
        await client.StartAsync();
        for (var round = 0; round < 10; round++)
        {
            for (var number = 0; number < MaxStreams; number++)
            {
                var id = await client.OpenAsync("POST", $"/{(number % 2 == 0 ? "pool" : "worker")}/open{round}s{number}");
                await client.SendAsync(Http2Frame.Data(id, "a part"), Http2Frame.Reset(id));
            }

            await client.PingAsync();
            await Eventually.TrueAsync(() => routes.Running == 0 && server.Server.Requests.InFlight == 0, "the handlers of reset streams have returned");
        }

        // Soon, not at once: a handler has returned a moment before its connection knows.
        await Eventually.TrueAsync(
            async () =>
            {
                var ids = new List<int>();
                for (var number = 0; number < MaxStreams; number++)
                {
                    ids.Add(await client.OpenAsync("POST", $"/worker/last{number}"));
                }

                var isRoom = true;
                foreach (var id in ids)
                {
                    await client.SendDataAsync(id, "whole"u8.ToArray());
                    var response = await client.ResponseAsync(id);
                    Assert.True(response.Status == 200 || response.ResetCode == Code.RefusedStream, response.ToString());
                    isRoom &= response.Status == 200;
                }

                return isRoom;
            },
            "as many streams as at first");
    }

    private static async Task LiveAsync(TestServer server, Random random, int number)
    {
        // Each from an address of its own, where there are any: what one client may have the server do is bounded by its address, too.
        var from = OperatingSystem.IsLinux() ? new IPAddress([127, (byte)(1 + (number >> 16)), (byte)(number >> 8), (byte)number]) : null;
        using var end = await ClientEnd.ConnectAsync(server.Server, server.Transport, from);
        await using var client = new Http2TestClient(end.Stream);
        await client.StartAsync(random.Next(2) == 0 ? [] : [(Setting.InitialWindowSize, random.Next(1000, 20_000))]);
        for (var round = 0; round < RoundsEach; round++)
        {
            var living = new List<(int Id, byte[] Answer)>();
            var halves = new List<(int Id, byte[] Remainder, byte[] Answer)>();
            for (var stream = random.Next(1, StreamsEach); stream > 0; stream--)
            {
                await BeginAsync(client, random, $"{number}r{round}s{stream}", living, halves);
            }

            foreach (var (id, rest, answer) in halves)
            {
                if (random.Next(3) == 0)
                {
                    await client.SendAsync(Http2Frame.Reset(id));
                    continue;
                }

                await client.SendDataAsync(id, rest);
                living.Add((id, answer));
            }

            foreach (var (id, answer) in living)
            {
                var response = await client.ResponseAsync(id);
                Assert.True(response.ResetCode is null or 0 && response.Status == 200, $"{response}; {client.Conversation}");
                Assert.Equal(answer, response.Body);
            }
        }

        // The last connection of some is left in the middle of bodies that never end.
        if (random.Next(2) == 0)
        {
            await client.OpenAsync("POST", $"/pool/{number}left");
            await client.OpenAsync("POST", $"/worker/{number}left");
            end.Leave();
        }
    }

    private static async Task BeginAsync(
        Http2TestClient client, Random random, string name, List<(int Id, byte[] Answer)> living, List<(int Id, byte[] Remainder, byte[] Answer)> halves)
    {
        var path = $"/{Http2FuzzServer.Routes[random.Next(Http2FuzzServer.Routes.Count)]}/{name}";
        if (random.Next(2) == 0)
        {
            var asked = await client.RequestAsync("GET", path);
            if (random.Next(4) == 0)
            {
                await client.SendAsync(Http2Frame.Reset(asked));
                return;
            }

            living.Add((asked, Http2FuzzServer.BodyOf("GET", path, [])));
            return;
        }

        var body = new byte[random.Next(4) == 0 ? random.Next(3000) : random.Next(50)];
        random.NextBytes(body);
        var id = await client.OpenAsync("POST", path);
        var answer = Http2FuzzServer.BodyOf("POST", path, body);
        switch (random.Next(4))
        {
            case 0:
                await client.SendAsync(Http2Frame.Reset(id));
                break;
            case 1 when !Http2FuzzServer.LeavesBody(path):
                var cut = random.Next(body.Length + 1);
                await client.SendDataAsync(id, body.AsMemory(0, cut), end: false);
                halves.Add((id, body[cut..], answer));
                break;
            default:
                await client.SendDataAsync(id, body);
                living.Add((id, answer));
                break;
        }
    }
}
