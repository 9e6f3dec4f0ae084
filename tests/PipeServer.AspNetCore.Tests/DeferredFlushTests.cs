using System.Buffers;
using System.Net;
using System.Text;

namespace PipeServer.AspNetCore.Tests;

/// <summary>A flush waits for the end of the application's synchronous part, and never longer than a client can wait.</summary>
public sealed class DeferredFlushTests : IDisposable
{
    private const string Get = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public async Task What_is_complete_then_has_its_length()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            await context.Response.WriteAsync("one ");
            await context.Response.Body.FlushAsync();
            Assert.True(context.Response.HasStarted);
            Assert.Equal(0, context.Response.BodyWriter.UnflushedBytes);
            Assert.Throws<InvalidOperationException>(() => context.Response.StatusCode = 404);
            context.Response.BodyWriter.Write("two "u8);
            await context.Response.WriteAsync("three");
        });
        var answer = await host.SendRawAsync(Get);
        Assert.Contains("\r\nContent-Length: 13\r\n", answer);
        Assert.EndsWith("\r\n\r\none two three", answer);
    }

    [Fact]
    public async Task What_is_long_is_sent_meanwhile()
    {
        using var gate = new ManualResetEventSlim();
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            await context.Response.Body.WriteAsync(new byte[20_000]);
            Assert.True(gate.Wait(ApplicationHost.Patience));
        });
        using var response = await host.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead);
        gate.Set();
        Assert.Equal(20_000, (await response.Content.ReadAsByteArrayAsync()).Length);
    }

    [Fact]
    public async Task An_application_that_goes_on_asynchronously_has_flushed()
    {
        var gate = new TaskCompletionSource();
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            await context.Response.WriteAsync("first ");
            await gate.Task;
            await context.Response.WriteAsync("second");
        });
        await using var client = await host.ConnectAsync();
        await client.SendAsync(Get);
        await client.ReadUntilAsync("first ");
        gate.SetResult();
        Assert.Contains("second", await client.ReadToEndAsync());
    }

    // A client must not wait for what was flushed because the handler blocks behind it.
    [Theory]
    [InlineData(Dispatch.Worker)]
    [InlineData(Dispatch.ThreadPool)]
    public async Task An_application_that_blocks_has_flushed(Dispatch dispatch)
    {
        using var gate = new SemaphoreSlim(0);
        await using var host = await ApplicationHost.StartAsync(
            async context =>
            {
                for (var number = 0; number < 3; number++)
                {
                    await context.Response.WriteAsync($"part {number} ");
                    Assert.True(gate.Wait(ApplicationHost.Patience));
                }
            },
            options => options.Dispatch = dispatch);
        await using var client = await host.ConnectAsync();
        await client.SendAsync(Get);
        for (var number = 0; number < 3; number++)
        {
            await client.ReadUntilAsync($"part {number} ");
            gate.Release();
        }

        Assert.EndsWith("\r\n0\r\n\r\n", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task Many_applications_that_block_have_all_flushed()
    {
        using var gate = new ManualResetEventSlim();
        await using var host = await ApplicationHost.StartAsync(
            async context =>
            {
                await context.Response.WriteAsync("first ");
                Assert.True(gate.Wait(ApplicationHost.Patience));
                await context.Response.WriteAsync("second");
            },
            options => options.Server.Workers = 16);
        var clients = new List<RawClient>();
        for (var number = 0; number < 16; number++)
        {
            clients.Add(await host.ConnectAsync());
            await clients[^1].SendAsync(Get);
        }

        await Task.WhenAll(clients.Select(static client => client.ReadUntilAsync("first ")));
        gate.Set();
        foreach (var client in clients)
        {
            Assert.Contains("second", await client.ReadToEndAsync());
            await client.DisposeAsync();
        }
    }

    // The rest of the handler runs on another thread while its synchronous part has not ended.
    [Fact]
    public async Task An_application_that_goes_on_elsewhere_while_its_thread_is_held_has_flushed()
    {
        using var gate = new ManualResetEventSlim();
        await using var host = await ApplicationHost.StartAsync(context =>
        {
            var writing = WriteAsync(context);
            Assert.True(gate.Wait(ApplicationHost.Patience));
            return writing;

            static async Task WriteAsync(HttpContext context)
            {
                await context.Response.WriteAsync("first ");
                await Task.Yield();
                context.Response.BodyWriter.Write("second "u8);
                await context.Response.BodyWriter.FlushAsync();
                await context.Response.WriteAsync("third ");
            }
        });
        await using var client = await host.ConnectAsync();
        await client.SendAsync(Get);
        await client.ReadUntilAsync("third ");
        gate.Set();
        var parts = (await client.ReadToEndAsync()).Split("\r\n").Where(static line => line.EndsWith(' '));
        Assert.Equal("first second third ", string.Concat(parts));
    }

    [Fact]
    public async Task What_a_client_waits_for_before_it_sends_its_body_is_sent()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            await context.Response.WriteAsync("ready ");
            using var reader = new StreamReader(context.Request.Body);
            await context.Response.WriteAsync(await reader.ReadToEndAsync());
        });
        await using var client = await host.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 4\r\n\r\n");
        await client.ReadUntilAsync("ready ");
        await client.SendAsync("body");
        Assert.Contains("body", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task A_synchronous_flush_and_one_without_buffering_are_made_at_once()
    {
        using var gate = new SemaphoreSlim(0);
        await using var host = await ApplicationHost.StartAsync(
            async context =>
            {
                await context.Response.WriteAsync("first ");
                if (context.Request.Path == "/flush")
                {
                    context.Response.Body.Flush();
                }
                else
                {
                    context.Features.GetRequiredFeature<IHttpResponseBodyFeature>().DisableBuffering();
                    await context.Response.WriteAsync("second ");
                }

                Assert.True(gate.Wait(ApplicationHost.Patience));
            },
            static options => options.AllowSynchronousIO = true);
        foreach (var path in (string[])["/flush", "/unbuffered"])
        {
            await using var client = await host.ConnectAsync();
            await client.SendAsync(Get.Replace("/ ", path + " "));
            await client.ReadUntilAsync(path == "/flush" ? "first " : "second ");
            gate.Release();
            await client.ReadToEndAsync();
        }
    }

    // What was promised had been flushed, was held back, and was lost with what came behind it.
    [Fact]
    public async Task What_was_flushed_before_too_much_is_written_arrives()
    {
        await using var host = await ApplicationHost.StartAsync(async context =>
        {
            context.Response.ContentLength = 5;
            await context.Response.WriteAsync("five!");
            await context.Response.WriteAsync("more");
        });
        await using var client = await host.ConnectAsync();
        await client.SendAsync(Get);
        Assert.EndsWith("\r\n\r\nfive!", await client.ReadUntilAsync("five!"));
    }

    // Memory that was asked for, and not used, before the start of the response was advanced over behind it: bytes of an earlier answer were sent.
    [Theory]
    [InlineData(1, Dispatch.Worker)]
    [InlineData(1, Dispatch.Inline)]
    [InlineData(1, Dispatch.ThreadPool)]
    [InlineData(2, Dispatch.Worker)]
    [InlineData(2, Dispatch.Inline)]
    public async Task No_byte_is_lost_or_changes_its_place_however_an_application_writes(int version, Dispatch dispatch)
    {
        await File.WriteAllTextAsync(_file, "a small file");
        File.SetLastWriteTimeUtc(_file, DateTime.UnixEpoch.AddYears(40));
        await using var host = await ApplicationHost.StartAsync(
            (HttpContext context) => WriteAtRandomAsync(context, int.Parse(context.Request.Query["seed"]!), _file),
            options =>
            {
                options.Dispatch = dispatch;
                var protocols = version == 2 ? HttpProtocols.Http1 | HttpProtocols.Http2 : HttpProtocols.Http1;
                options.Server.Endpoints = [new HttpEndpoint(IPAddress.Loopback, 0) { Protocols = protocols }];
            });
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async client =>
        {
            for (var round = 0; round < 25; round++)
            {
                var seed = (client * 1000) + round;
                using var request = new HttpRequestMessage(HttpMethod.Get, $"/?seed={seed}")
                {
                    Version = version == 2 ? HttpVersion.Version20 : HttpVersion.Version11,
                    VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                };
                using var response = await host.Client.SendAsync(request);
                var steps = Steps(seed, "a small file").ToList();
                var text = await response.Content.ReadAsStringAsync();
                Assert.True(
                    text == string.Concat(steps.Select(static step => step.Text)),
                    $"seed {seed}: {string.Join(", ", steps.Select(static step => $"way {step.Way}, pause {step.Pause}, {step.Text.Length} bytes"))}");
            }
        }));
    }

    private static IEnumerable<(int Way, int Pause, string Text)> Steps(int seed, string file)
    {
        var random = new Random(seed);
        var count = random.Next(1, 12);
        for (var number = 0; number < count; number++)
        {
            var way = random.Next(6);
            var length = random.Next(10) == 0 ? random.Next(40_000) : random.Next(1, 100);
            var text = way switch { 4 => file, 5 => "", _ => new string((char)('a' + random.Next(26)), length) };
            yield return (way, random.Next(8), text);
        }
    }

    private static async Task WriteAtRandomAsync(HttpContext context, int seed, string path)
    {
        foreach (var (way, pause, text) in Steps(seed, "a small file"))
        {
            switch (way)
            {
                case 0:
                    await context.Response.WriteAsync(text);
                    break;
                case 1:
                    await context.Response.Body.WriteAsync(Encoding.ASCII.GetBytes(text));
                    break;
                case 2:
                    context.Response.BodyWriter.Write(Encoding.ASCII.GetBytes(text));
                    break;
                case 3:
                    var memory = context.Response.BodyWriter.GetMemory(text.Length);
                    if (pause == 3)
                    {
                        await Task.Yield();
                    }

                    context.Response.BodyWriter.Advance(Encoding.ASCII.GetBytes(text, memory.Span));
                    break;
                case 4:
                    await context.Response.SendFileAsync(path);
                    break;
                default:
                    await context.Response.Body.FlushAsync();
                    break;
            }

            await (pause switch { 0 => Task.Delay(1), 1 => ElsewhereAsync(), 2 => HoldAsync(), _ => Task.CompletedTask });
        }

        static async Task ElsewhereAsync() => await Task.Yield();

        static Task HoldAsync()
        {
            using var never = new ManualResetEventSlim();
            never.Wait(TimeSpan.FromMilliseconds(25)); // as a handler that blocks; long enough for the watch
            return Task.CompletedTask;
        }
    }
}
