using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>Responses that are encoded beforehand, answers that may be at hand, and files sent by the system.</summary>
public abstract class SendingTests(string transport) : IAsyncLifetime
{
    private static readonly KeyValuePair<string, string>[] Plain = [new("Content-Type", "text/plain"), new("X-A", "1")];
    private readonly string _path = Path.GetTempFileName();
    private readonly byte[] _content = new byte[5_000_000];

    public async ValueTask InitializeAsync()
    {
        new Random(7).NextBytes(_content);
        await File.WriteAllBytesAsync(_path, _content);
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        File.Delete(_path);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(20_000)]
    [InlineData(3_000_000)]
    public async Task A_prepared_response_is_sent_as_often_as_it_is_asked_for(int length)
    {
        var prepared = new PreparedResponse(200, Plain, Encoding.ASCII.GetBytes(new string('x', length)));
        await using var server = await StartAsync(server =>
        {
            server.MapGet("/worker", (_, response) => response.Send(prepared));
            server.MapGet("/inline", (_, response) => response.Send(prepared), Dispatch.Inline);
        });
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 3; round++)
        {
            foreach (var target in new[] { "/worker", "/inline" })
            {
                var response = await client.RequestAsync(TestClient.Get(target));
                Assert.Equal((200, length), (response.Status, response.Body.Length));
                Assert.Equal(("text/plain", "1", length.ToString()), (response["Content-Type"], response["X-A"], response["Content-Length"]));
                Assert.NotNull(response["Date"]);
                var head = await client.RequestAsync($"HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n", isHead: true);
                Assert.Equal(length.ToString(), head["Content-Length"]);
            }
        }

        // Pipelined, and the last one with the end of the connection.
        await client.SendAsync(TestClient.Get("/inline") + TestClient.Get("/worker") + TestClient.Get("/inline", "Connection: close"));
        for (var round = 0; round < 3; round++)
        {
            Assert.Equal(length, (await client.ReadResponseAsync()).Body.Length);
        }

        Assert.Empty(await client.ReadToEndAsync());
    }

    [Fact]
    public async Task A_prepared_response_goes_with_fields_that_were_set_and_has_its_own_server()
    {
        var prepared = new PreparedResponse(404, [new("Server", "mine")], "gone"u8.ToArray());
        var notModified = new PreparedResponse(304, [new("ETag", "\"a\"")]);
        await using var server = await StartAsync(server =>
        {
            server.MapGet("/gone", (_, response) =>
            {
                response.Headers["X-B"] = "2";
                response.Send(prepared);
            });
            server.MapGet("/same", (_, response) => response.Send(notModified));
            server.MapGet("/twice", (_, response) =>
            {
                response.Send(prepared);
                response.Send(prepared);
            });
            server.MapGet("/more", (_, response) =>
            {
                response.Send(prepared);
                response.WriteText("more");
            });
            server.MapGet("/late", (_, response) =>
            {
                response.WriteText("text");
                response.Send(prepared);
            });
        });
        await using var client = await server.ConnectAsync();
        var gone = await client.RequestAsync(TestClient.Get("/gone"));
        Assert.Equal((404, "gone", "2"), (gone.Status, gone.Text, gone["X-B"]));
        Assert.Equal(["mine"], gone.Headers.Where(static header => header.Name == "Server").Select(static header => header.Value));
        var same = await client.RequestAsync(TestClient.Get("/same"));
        Assert.Equal((304, "\"a\"", null), (same.Status, same["ETag"], same["Content-Length"]));
        Assert.Equal(500, (await client.RequestAsync(TestClient.Get("/late"))).Status);
        foreach (var target in new[] { "/twice", "/more" })
        {
            await using var other = await server.ConnectAsync();
            await other.SendAsync(TestClient.Get(target));
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                await other.ReadResponseAsync();
                await other.RequestAsync(TestClient.Get("/gone"));
            });
        }
    }

    [Fact]
    public async Task What_is_not_at_hand_goes_to_a_worker()
    {
        var threads = new List<(string Path, bool IsWorker)>();
        HttpServer? running = null;
        await using var server = await StartAsync(server =>
        {
            running = server;
            server.MapFallback(
                (request, response) =>
                {
                    Note(request);
                    if (request.Path == "/fault")
                    {
                        throw new InvalidOperationException("Not at hand, and broken.");
                    }

                    if (request.Path != "/at-hand")
                    {
                        return false;
                    }

                    response.WriteText("at hand");
                    return true;
                },
                (request, response) =>
                {
                    Note(request);
                    response.WriteText("worker");
                    return ValueTask.CompletedTask;
                });
            server.Map("POST", "/both/{id}", static (_, _) => false, static (request, response) =>
            {
                response.WriteText(request.RouteValues["id"] ?? "");
                return ValueTask.CompletedTask;
            });
        });
        await using var client = await server.ConnectAsync();
        Assert.Equal("at hand", (await client.RequestAsync(TestClient.Get("/at-hand"))).Text);
        Assert.Equal("worker", (await client.RequestAsync(TestClient.Get("/else"))).Text);

        // On a connection of its own: a worker that finds the next request there when it has flushed its answer takes it along.
        await using var other = await server.ConnectAsync();
        Assert.Equal(500, (await other.RequestAsync(TestClient.Get("/fault"))).Status);
        Assert.Equal("x", (await other.RequestAsync("POST /both/x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc")).Text);
        Assert.Equal([("/at-hand", false), ("/else", false), ("/else", true), ("/fault", false)], threads);

        void Note(HttpRequest request) => threads.Add((request.Path, running!.Workers.IsOnWorker));
    }

    [Theory]
    [InlineData("/whole", 0, 5_000_000, true)]
    [InlineData("/part?offset=1234567&count=2000001", 1_234_567, 2_000_001, true)]
    [InlineData("/chunked", 0, 5_000_000, false)]
    [InlineData("/part?offset=4999999&count=1", 4_999_999, 1, true)]
    [InlineData("/part?offset=0&count=0", 0, 0, true)]
    public async Task A_file_is_sent_by_parts(string target, int offset, int count, bool hasLength)
    {
        await using var server = await StartAsync(MapFiles);
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 2; round++)
        {
            var response = await client.RequestAsync(TestClient.Get(target));
            Assert.Equal(hasLength ? count.ToString() : null, response["Content-Length"]);
            Assert.True(response.Body.AsSpan().SequenceEqual(_content.AsSpan(offset, count)));
            var head = await client.RequestAsync($"HEAD {target} HTTP/1.1\r\nHost: a\r\n\r\n", isHead: true);
            Assert.Equal(200, head.Status);
        }
    }

    [Fact]
    public async Task Parts_of_files_and_other_bytes_come_in_their_order()
    {
        await using var server = await StartAsync(MapFiles);
        await using var client = await server.ConnectAsync();
        var expected = "head"u8.ToArray().Concat(_content[..3_000_000]).Concat("middle"u8.ToArray()).Concat(_content[3_000_000..]).Concat("end"u8.ToArray()).ToArray();
        Assert.True((await client.RequestAsync(TestClient.Get("/mixed"))).Body.AsSpan().SequenceEqual(expected));
    }

    // A client that does not read holds up neither a thread nor the others.
    [Fact]
    public async Task A_slow_reader_of_a_file_holds_up_nobody()
    {
        await using var server = await StartAsync(MapFiles);
        var slow = new List<TestClient>();
        for (var number = 0; number < 8; number++)
        {
            slow.Add(await server.ConnectAsync());
            await slow[^1].SendAsync(TestClient.Get("/whole"));
        }

        await using var quick = await server.ConnectAsync();
        Assert.Single((await quick.RequestAsync(TestClient.Get("/part?offset=0&count=1"))).Body);
        foreach (var client in slow)
        {
            Assert.True((await client.ReadResponseAsync()).Body.AsSpan().SequenceEqual(_content));
            await client.DisposeAsync();
        }
    }

    [Fact]
    public async Task More_of_a_file_than_was_promised_is_a_fault_and_less_an_abort()
    {
        await using var server = await StartAsync(MapFiles);
        foreach (var target in new[] { "/too-much", "/too-little" })
        {
            await using var client = await server.ConnectAsync();
            await client.SendAsync(TestClient.Get(target));
            await Assert.ThrowsAnyAsync<Exception>(async () => await client.ReadResponseAsync());
        }

        await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 2, "both are aborted");
    }

    // The write timeout counted from what the system had taken, megabytes at a time: a client that read on steadily, but needed longer
    // for what lay in the system's buffers, was cut off, over epoll near the end, over sockets in the middle.
    [Fact]
    public async Task A_steady_reader_gets_all_of_a_file_however_long_its_end_takes()
    {
        Assert.SkipWhen(transport.Contains('/'), "Over TLS it is the same, because it is the ciphertext that is looked at, and takes twelve seconds.");
        await using var server = await TestServer.StartAsync(
            transport, MapFiles, static options => options.ResponseWriteTimeout = TimeSpan.FromSeconds(4)); // a pause of a busy machine is no slow reader
        await using var client = await server.ConnectAsync();
        const int Length = 3_000_000;
        await client.SendAsync(TestClient.Get($"/part?offset=0&count={Length}", "Connection: close"));
        var read = 0;
        while (true)
        {
            var part = await client.ReadUpToAsync(64 * 1024);
            if (part == 0)
            {
                break;
            }

            read += part;
            await Task.Delay(part / 250); // about a quarter of a megabyte a second
        }

        Assert.InRange(read, Length + 100, Length + 1000);
        Assert.Equal(0, server.Server.Requests.Aborted);
    }

    // RFC 9110 §8.8.2.1: an origin server must not send a Last-Modified that is later than its Date. The Date is written by the server's beat, and
    // in the first quarter of a second it was that of the second before: a file that was written just then was dated after its response.
    [Fact]
    public async Task Last_Modified_is_never_later_than_Date()
    {
        var time = new TimeWithoutBeats();
        await using var server = await TestServer.StartAsync(
            transport,
            server => server.MapGet("/now", (_, response) =>
            {
                response.Headers["Last-Modified"] = time.UtcNow.ToString("R");
                response.WriteText("now");
            }),
            options => options.TimeProvider = time);
        await using var client = await server.ConnectAsync();
        for (var second = 0; second < 3; second++)
        {
            var response = await client.RequestAsync(TestClient.Get("/now"));
            Assert.Equal((200, "now"), (response.Status, response.Text));
            Assert.Equal(time.UtcNow.ToString("R"), response["Date"]);
            Assert.Equal(response["Date"], response["Last-Modified"]);
            time.UtcNow += TimeSpan.FromSeconds(1);
        }
    }

    private async Task<TestServer> StartAsync(Action<HttpServer> map) => await TestServer.StartAsync(transport, map);

    private void MapFiles(HttpServer server)
    {
        server.MapGet("/whole", (_, response) => SendAsync(response, 0, _content.Length, _content.Length));
        server.MapGet("/chunked", (_, response) => SendAsync(response, 0, _content.Length, null));
        server.MapGet("/part", (request, response) =>
        {
            var (offset, count) = (long.Parse(request.Query["offset"]!), long.Parse(request.Query["count"]!));
            return SendAsync(response, offset, count, count);
        });
        server.MapGet("/too-much", (_, response) => SendAsync(response, 0, _content.Length, 1000));
        server.MapGet("/too-little", (_, response) => SendAsync(response, 0, _content.Length + 1, _content.Length + 1));
        server.MapGet("/mixed", async (_, response) =>
        {
            using var file = File.OpenHandle(_path);
            response.ContentLength = _content.Length + "headmiddleend".Length;
            response.WriteText("head");
            await response.SendFileAsync(file, 0, 3_000_000);
            response.WriteText("middle");
            await response.SendFileAsync(file, 3_000_000, 2_000_000);
            response.WriteText("end");
        });
    }

    private async Task SendAsync(HttpResponse response, long offset, long count, long? length)
    {
        using var file = File.OpenHandle(_path);
        response.ContentLength = length;
        var sent = await response.SendFileAsync(file, offset, count);
        Assert.InRange(sent, 0, count);
    }
}
