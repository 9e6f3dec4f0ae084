using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.ServerSentEvents;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using PipeServer.StaticFiles;

namespace PipeServer.Cli;

/// <summary>The routes of <c>--demo</c>: the Book's /sleep, what benchmarks ask for, and an echo.</summary>
internal static class DemoRoutes
{
    private const int DefaultSleepMilliseconds = 5000;
    private const int LongestSleepMilliseconds = 10 * 60 * 1000;

    private const int WebSocketBufferBytes = 4096;
    private const int LongWebSocketBufferBytes = 64 * 1024;
    private const long LongestMessageBytes = 256L * 1024 * 1024; // goes through a buffer that is much shorter

    private static readonly WebSocketAcceptOptions WebSocketOptions = new() { MaxMessageBytes = LongestMessageBytes };

    private static readonly WebSocketAcceptOptions CompressedWebSocketOptions = new()
    {
        MaxMessageBytes = LongestMessageBytes,
        Deflate = new WebSocketDeflateOptions(),
    };

    private static readonly TimeSpan EventPeriod = TimeSpan.FromSeconds(1);

    // A client that has not read a response within this time is probably one that sends its whole request first.
    private static readonly TimeSpan EchoPatience = TimeSpan.FromSeconds(1);

    // A chunked body of up to this much is read whole before its answer starts, so that a malformed one still gets its 400.
    private const int EchoHeldBytes = 64 * 1024;

    private static ReadOnlySpan<byte> Greeting => "Hello, World!"u8;

    /// <summary>Maps them.</summary>
    /// <param name="server">Gets them.</param>
    /// <param name="files">For /sleep.</param>
    /// <param name="basePath">What is before their paths: the pages below ROOT link to them, and a proxy passes on nothing else.</param>
    public static void Map(HttpServer server, StaticFileHandler files, string basePath)
    {
        server.MapGet($"{basePath}/plaintext", Plaintext, Dispatch.Inline);
        server.MapGet($"{basePath}/worker/plaintext", Plaintext);
        server.MapGet($"{basePath}/json", static (_, response) =>
            response.WriteJson(new Greetings("Hello, World!"), CliJson.Default.Greetings));
        server.MapGet($"{basePath}/sleep", (request, response) => SleepAsync(request, response, files));
        server.MapGet($"{basePath}/events", EventsAsync);
        server.MapPost($"{basePath}/echo", EchoAsync);
        server.MapGet($"{basePath}/ws", static (request, _) => WebSocketEchoAsync(request, WebSocketOptions), Dispatch.Inline);
        server.MapGet($"{basePath}/ws/deflate", static (request, _) => WebSocketEchoAsync(request, CompressedWebSocketOptions), Dispatch.Inline);
    }

    private static void Plaintext(HttpRequest request, HttpResponse response) => response.WriteBytes(Greeting, "text/plain");

    // Blocks its worker, as the Book's does: this is what the pool is for.
    private static async ValueTask SleepAsync(HttpRequest request, HttpResponse response, StaticFileHandler files)
    {
        var milliseconds = DefaultSleepMilliseconds;
        if (request.Query["ms"] is { } text
            && (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out milliseconds)
                || milliseconds > LongestSleepMilliseconds))
        {
            response.StatusCode = 400;
            response.WriteText($"400 Bad Request: ms must be a whole number from 0 to {LongestSleepMilliseconds}.\n");
            return;
        }

        // Asleep until the time is up, or until nobody waits for the answer any more.
        if (!request.Aborted.WaitHandle.WaitOne(milliseconds))
        {
            await files.ServeAsync(request, response, "/").ConfigureAwait(false);
        }
    }

    // A stream without an end of its own: it comes to one when the server drains. Who comes back goes on behind the last number that it has seen.
    private static ValueTask EventsAsync(HttpRequest request, HttpResponse response) => ServerSentEvents.RunAsync(request, response, static async events =>
    {
        _ = long.TryParse(events.LastEventId, NumberStyles.None, CultureInfo.InvariantCulture, out var number);
        while (!events.Ended.IsCancellationRequested)
        {
            var text = (++number).ToString(CultureInfo.InvariantCulture);
            if (!await events.SendAsync(new SseItem<string>(text) { EventId = text }).ConfigureAwait(false))
            {
                return;
            }

            try
            {
                await Task.Delay(EventPeriod, events.Ended).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                // Draining: the last event says so.
            }
        }

        await events.SendAsync(new SseItem<string>("the server is stopping", "end")).ConfigureAwait(false);
    });

    // Pooled: most bodies come with their head, the others should not cost a state machine for each request.
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask EchoAsync(HttpRequest request, HttpResponse response)
    {
        response.ContentType = request.Headers["Content-Type"] ?? "application/octet-stream";
        response.ContentLength = request.ContentLength;
        while (true)
        {
            var read = await request.Body.ReadAsync(request.Aborted).ConfigureAwait(false);
            Copy(read.Buffer, response.Body);
            request.Body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }

            if (!response.HasStarted && request.ContentLength is null && response.Body.UnflushedBytes < EchoHeldBytes)
            {
                continue;
            }

            var flush = response.Body.FlushAsync(request.Aborted);
            if (flush.IsCompleted)
            {
                await flush.ConfigureAwait(false);
                continue;
            }

            var flushed = flush.AsTask();
            if (await Task.WhenAny(flushed, Task.Delay(EchoPatience, request.Aborted)).ConfigureAwait(false) != flushed)
            {
                await EchoBySpoolAsync(request, response, flushed).ConfigureAwait(false);
                return;
            }
        }
    }

    // Many clients send their whole request before they read the first byte of the response. Streaming back to them would
    // end with both sides waiting for the other, so what is left takes the way over a temporary file.
    private static async ValueTask EchoBySpoolAsync(HttpRequest request, HttpResponse response, Task<FlushResult> flushed)
    {
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        var spool = new FileStream(
            path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, bufferSize: 64 * 1024, FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        await using (spool.ConfigureAwait(false))
        {
            try
            {
                await request.Body.CopyToAsync(spool, request.Aborted).ConfigureAwait(false);
            }
            finally
            {
                // Even if the body turns out bad: the response must not be ended while it is being flushed.
                await flushed.ConfigureAwait(false);
            }

            spool.Position = 0;
            await spool.CopyToAsync(response.Body, request.Aborted).ConfigureAwait(false);
        }
    }

    // Each message goes back as it comes, and a close frame by itself when this ends. Only one that is being received holds a buffer.
    private static async ValueTask WebSocketEchoAsync(HttpRequest request, WebSocketAcceptOptions options)
    {
        using var socket = await request.AcceptWebSocketAsync(options).ConfigureAwait(false);
        while ((await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false)).MessageType != WebSocketMessageType.Close)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(WebSocketBufferBytes);
            try
            {
                ValueWebSocketReceiveResult received;
                do
                {
                    received = await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).ConfigureAwait(false);
                    if (received.MessageType == WebSocketMessageType.Close)
                    {
                        return;
                    }

                    await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, CancellationToken.None)
                        .ConfigureAwait(false);
                    if (received.Count == buffer.Length && buffer.Length < LongWebSocketBufferBytes)
                    {
                        ArrayPool<byte>.Shared.Return(buffer); // a long message
                        buffer = ArrayPool<byte>.Shared.Rent(LongWebSocketBufferBytes);
                    }
                }
                while (!received.EndOfMessage);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static void Copy(ReadOnlySequence<byte> from, PipeWriter to)
    {
        foreach (var memory in from)
        {
            to.Write(memory.Span);
        }
    }

    internal sealed record Greetings(string Message);
}
