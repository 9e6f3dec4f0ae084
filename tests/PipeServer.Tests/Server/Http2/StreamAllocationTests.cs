using System.Buffers.Binary;
using System.Net.Sockets;
using PipeServer.Fuzz.Http2;
using PipeServer.StaticFiles;
using PipeServer.Tests.StaticFiles;

namespace PipeServer.Tests.Server.Http2;

/// <summary>
/// A request over HTTP/2 allocates nothing (of bodies: <see cref="BodyAllocationTests"/>) once everything is warm, alone on its connection or beside 31 others: counted on a real socket, the client in the
/// same process with one buffer and blocking calls.
/// </summary>
[Collection(AllocationTests.Name)]
public sealed class StreamAllocationTests
{
    private const int Requests = 1024;

    // As for HTTP/1: what the measuring itself costs, and a Date block a second.
    private const int Overhead = 4096;

    [Theory]
    [InlineData("/plaintext", 1)]
    [InlineData("/plaintext", 32)]
    [InlineData("/worker/plaintext", 1)]
    [InlineData("/worker/plaintext", 32)]
    [InlineData("/pool/plaintext", 1)]
    [InlineData("/pool/plaintext", 32)]
    [InlineData("/cached/file.txt", 32)]
    [InlineData("/nowhere", 32)]
    public async Task A_request_allocates_nothing(string target, int streams)
    {
        await using var folder = new StaticFolder("epoll");
        folder.Write("root/cached/file.txt", new string('f', 1024));
        using var files = new StaticFileHandler(folder.Root, new StaticFileOptions { TimeProvider = new StandingTime() });
        await using var host = await Http2Host.StartAsync("epoll", server => Map(server, files), static options =>
            options.LoggerFactory = Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 20_000 };
#pragma warning disable VSTHRD103 // Asynchronous calls would make it a non-blocking socket, whose waits allocate.
        socket.Connect(host.Server.EndPoints[0]);
#pragma warning restore VSTHRD103
        socket.Send([.. Http2Frame.Preface, .. Http2Frame.SettingsOf().Encode(), .. Http2Frame.SettingsAck().Encode(), .. Http2Frame.WindowUpdate(0, int.MaxValue - 65535).Encode()]);
        var block = HpackBytes.Block([new(":method", "GET"), new(":scheme", "http"), new(":path", target), new(":authority", "localhost")]);
        var client = new Client(socket, Http2Frame.Headers(1, block).Encode(), streams);
        await AllocationTests.AssertAllocatesAtMostAsync(Overhead, () =>
        {
            for (var round = 0; round < Requests / streams; round++)
            {
                client.Ask();
            }

            return Task.CompletedTask;
        });
        Assert.Equal(0, client.Resets);
    }

    private static void Map(HttpServer server, StaticFileHandler files)
    {
        server.Map("GET", "/cached/{name}", files.TryHandle, files.HandleAsync);
        server.MapGet("/plaintext", Plaintext, Dispatch.Inline);
        server.MapGet("/worker/plaintext", Plaintext);
        server.MapGet("/pool/plaintext", Plaintext, Dispatch.ThreadPool);
    }

    private static void Plaintext(HttpRequest request, HttpResponse response) => response.WriteBytes("Hello, World!"u8, "text/plain");

    /// <summary>Sends the same request on so many streams at once, and reads frames until all of them have ended.</summary>
    private sealed class Client(Socket socket, byte[] request, int streams)
    {
        private readonly byte[] _requests = [.. Enumerable.Repeat(request, streams).SelectMany(static one => one)];
        private readonly byte[] _buffer = new byte[256 * 1024];
        private int _length;
        private int _next = 1;

        /// <summary>How many streams were reset.</summary>
        public int Resets { get; private set; }

        public void Ask()
        {
            for (var stream = 0; stream < streams; stream++)
            {
                BinaryPrimitives.WriteInt32BigEndian(_requests.AsSpan((stream * request.Length) + 5), _next);
                _next += 2;
            }

            socket.Send(_requests);
            for (var ended = 0; ended < streams;)
            {
                var got = socket.Receive(_buffer.AsSpan(_length));
                if (got == 0)
                {
                    throw new IOException("The connection was ended.");
                }

                _length += got;
                ended += TakeFrames();
            }
        }

        private int TakeFrames()
        {
            var (at, ended) = (0, 0);
            while (_length - at >= Http2Frame.HeaderBytes)
            {
                var header = _buffer.AsSpan(at);
                var length = (header[0] << 16) | (header[1] << 8) | header[2];
                if (_length - at < Http2Frame.HeaderBytes + length)
                {
                    break;
                }

                var (kind, flags) = (header[3], header[4]);
                Resets += kind == FrameKind.RstStream ? 1 : 0;
                ended += kind is FrameKind.Headers or FrameKind.Data && (flags & Flag.EndStream) != 0 ? 1 : 0;
                at += Http2Frame.HeaderBytes + length;
            }

            _buffer.AsSpan(at, _length - at).CopyTo(_buffer);
            _length -= at;
            return ended;
        }
    }
}
