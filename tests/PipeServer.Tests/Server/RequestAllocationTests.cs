using System.Buffers;
using System.Diagnostics.Metrics;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Tasks.Sources;
using PipeServer.StaticFiles;
using PipeServer.Tests.StaticFiles;

namespace PipeServer.Tests.Server;

/// <summary>
/// A keep-alive request allocates nothing once everything is warm: counted over a thousand requests on a real socket, the
/// client in the same process with one buffer and blocking calls.
/// </summary>
[Collection(AllocationTests.Name)]
public sealed class RequestAllocationTests
{
    private const string Close = "Connection: close\r\n";
    // Enough to see five bytes a request; each is two changes of threads, which take milliseconds beside busy neighbours.
    private const int Requests = 1000;

    // What the measuring itself costs, and the heartbeat, which makes a Date block a second: far below a byte a request.
    private const int Overhead = 4096;

    [Theory]
    [InlineData("GET", "/plaintext", "")]
    [InlineData("GET", "/plaintext?a=b", "")]
    [InlineData("GET", "/worker/plaintext", "")]
    [InlineData("GET", "/worker/item/17", "")]
    [InlineData("GET", "/pool/plaintext", "")]
    [InlineData("POST", "/pool/echo", "Transfer-Encoding: chunked")]
    [InlineData("GET", "/chosen/plaintext", "")]
    [InlineData("GET", "/filtered/plaintext", "")]
    [InlineData("GET", "/stream", "")]
    [InlineData("POST", "/echo", "Content-Length: 1024")]
    [InlineData("POST", "/worker/echo", "Content-Length: 1024")]
    [InlineData("POST", "/worker/echo", "Transfer-Encoding: chunked")]
    [InlineData("HEAD", "/worker/plaintext", "")]
    [InlineData("GET", "/verbs", "")]
    [InlineData("POST", "/worker/verbs", "Transfer-Encoding: chunked")]
    [InlineData("GET", "/nowhere", "")]
    [InlineData("GET", "/cached/file.txt", "")]
    [InlineData("HEAD", "/cached/file.txt", "")]
    [InlineData("GET", "/cached/file.txt", "Accept-Encoding: gzip, br")]
    [InlineData("GET", "/cached/large.txt", "")]
    public async Task A_request_allocates_nothing(string method, string target, string framing) =>
        await AssertNothingIsAllocatedAsync(method, target, framing, inTwoPieces: false, Overhead);

    [Theory]
    [InlineData("GET", "/plaintext", "")]
    [InlineData("GET", "/worker/plaintext", "")]
    [InlineData("POST", "/worker/echo", "Transfer-Encoding: chunked")]
    [InlineData("GET", "/nowhere", "")]
    [InlineData("GET", "/cached/file.txt", "")]
    public async Task A_request_of_which_somebody_is_told_allocates_nothing(string method, string target, string framing)
    {
        long told = 0;
        await AssertNothingIsAllocatedAsync(method, target, framing, inTwoPieces: false, Overhead, See);
        Assert.True(told >= Requests);

        void See(in RequestCompletion completion)
        {
            Assert.True(completion is { Request: not null, RemoteEndPoint: not null, Reason: null } && !completion.RequestLine.IsEmpty);
            Interlocked.Increment(ref told);
        }
    }

    // A boxed status, or an array of tags, for each request.
    [Theory]
    [InlineData("GET", "/plaintext", "")]
    [InlineData("GET", "/worker/plaintext", "")]
    [InlineData("GET", "/worker/item/17", "")]
    [InlineData("POST", "/worker/echo", "Transfer-Encoding: chunked")]
    [InlineData("GET", "/nowhere", "")]
    [InlineData("GET", "/cached/file.txt", "")]
    public async Task A_request_whose_duration_is_recorded_allocates_nothing(string method, string target, string framing)
    {
        long recorded = 0;
        using var listener = new MeterListener();
        listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name.StartsWith("PipeServer", StringComparison.Ordinal))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) =>
            Interlocked.Add(ref recorded, tags.Length >= 4 && instrument.Name == "http.server.request.duration" ? 1 : 0));
        listener.Start();
        await AssertNothingIsAllocatedAsync(method, target, framing, inTwoPieces: false, Overhead);
        Assert.True(recorded >= Requests);
    }

    // Behind a proxy, by a client whose rate is looked at: the end point is made once.
    [Theory]
    [InlineData("/plaintext", "X-Forwarded-For: 198.51.100.1, 192.0.2.7:5, 10.0.0.1", "127.0.0.0/8", "1000000/s")]
    [InlineData("/worker/plaintext", "X-Forwarded-For: 2001:db8::7", "127.0.0.0/8", "1000000/s")]
    [InlineData("/plaintext", "Forwarded: for=\"[2001:db8::7]\";proto=https, for=10.0.0.1", "127.0.0.0/8", "1000000/s")]
    [InlineData("/plaintext", "X-Forwarded-For: 192.0.2.7", "10.0.0.0/8", "1000000/s")]
    [InlineData("/plaintext", "X-Forwarded-For: 192.0.2.8", "127.0.0.0/8", "0.001/m:1")]
    public async Task A_request_behind_a_proxy_allocates_nothing(string target, string field, string trusted, string rate) =>
        await AssertNothingIsAllocatedAsync("GET", target, field, inTwoPieces: false, Overhead, isRefused: rate.StartsWith("0."), configure: options =>
        {
            options.TrustedProxies = [TrustedProxy.Parse("10.0.0.0/8"), TrustedProxy.Parse(trusted)];
            options.ForwardedHeader = field.StartsWith('F') ? ForwardedHeader.Forwarded : ForwardedHeader.XForwardedFor;
            options.RateLimit = RateLimit.Parse(rate);
        });

    // The body comes after its handler has begun to wait for it. Through the pool this cost 20 to 140 bytes a request: a pooled state
    // machine is taken on one thread and given back on another, and the runtime's cache of those is per core and often misses. So the
    // server's side has none, and the handler of this test has none either.
    [Theory]
    [InlineData("/echo", "Content-Length: 1024")]
    [InlineData("/worker/echo-by-hand", "Content-Length: 1024")]
    [InlineData("/worker/echo-by-hand", "Transfer-Encoding: chunked")]
    [InlineData("/pool/echo-by-hand", "Content-Length: 1024")]
    public async Task A_body_that_comes_later_allocates_nothing(string target, string framing) =>
        await AssertNothingIsAllocatedAsync("POST", target, framing, inTwoPieces: true, Overhead);

    private static async Task AssertNothingIsAllocatedAsync(string method, string target, string framing, bool inTwoPieces, long allowed, RequestCompletedHandler? completed = null, Action<HttpServerOptions>? configure = null, bool isRefused = false)
    {
        await using var folder = new StaticFolder("epoll");
        folder.Write("root/cached/file.txt", new string('f', 1024));
        folder.Write("root/cached/large.txt", new string('l', 30_000));
        using var files = new StaticFileHandler(folder.Root, new StaticFileOptions { TimeProvider = new StandingTime(), Compress = true });
        await using var server = await TestServer.StartAsync("epoll", server => Map(server, files), options =>
        {
            options.LoggerFactory = Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance;
            options.OnCompleted = completed;
            configure?.Invoke(options);
        });
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = 20_000 };
#pragma warning disable VSTHRD103 // Asynchronous calls would make it a non-blocking socket, whose waits allocate.
        socket.Connect(server.Server.EndPoints[0]);
#pragma warning restore VSTHRD103
        var body = framing switch
        {
            "" or "Accept-Encoding: gzip, br" or ['X' or 'F', ..] => "",
            "Transfer-Encoding: chunked" => $"400\r\n{new string('x', 1024)}\r\n0\r\n\r\n",
            _ => new string('x', 1024),
        };
        var head = $"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{(framing.Length > 0 ? framing + "\r\n" : "")}\r\n";
        var request = Encoding.ASCII.GetBytes(head + body);
        var first = inTwoPieces ? head.Length + 500 : request.Length;
        var buffer = new byte[64 * 1024];

        if (isRefused)
        {
            await using var earlier = await server.ConnectAsync();
            Assert.Equal(200, (await earlier.RequestAsync(head + body)).Status);
        }

        // One answer tells how long each of them is: only the Date changes, and not its length.
        await using var probe = await server.ConnectAsync();
        await probe.SendAsync(head[..^2] + Close + "\r\n" + body);
        var answer = Encoding.ASCII.GetString(await probe.ReadToEndAsync());
        Assert.StartsWith(isRefused ? "HTTP/1.1 429" : target == "/nowhere" ? "HTTP/1.1 404" : "HTTP/1.1 200", answer);
        Assert.Contains(Close, answer);
        var length = answer.Length - Close.Length;

        await AllocationTests.AssertAllocatesAtMostAsync(allowed, () =>
        {
            var isExact = true; // not an assertion for each, which would allocate
            for (var i = 0; i < Requests; i++)
            {
                socket.Send(request.AsSpan(0, first));
                if (first < request.Length)
                {
                    Thread.SpinWait(2000);
                    socket.Send(request.AsSpan(first));
                }

                var received = 0;
                while (received < length)
                {
                    received += socket.Receive(buffer.AsSpan(received));
                }

                isExact &= received == length;
            }

            Assert.True(isExact);

            return Task.CompletedTask;
        });
    }

    private static void Map(HttpServer server, StaticFileHandler files)
    {
        server.Map("GET", "/cached/{name}", files.TryHandle, files.HandleAsync);
        server.MapGet("/plaintext", Plaintext, Dispatch.Inline);
        server.MapGet("/worker/plaintext", Plaintext);
        server.MapGet("/worker/item/{id}", Plaintext);
        server.MapGet("/verbs", Verbs, Dispatch.Inline);
        server.MapPost("/worker/verbs", VerbsAsync);
        server.MapGet("/pool/plaintext", Plaintext, Dispatch.ThreadPool);
        server.MapPost("/pool/echo", EchoAsync, Dispatch.ThreadPool);
        server.MapPost("/pool/echo-by-hand", new EchoByHand().HandleAsync, Dispatch.ThreadPool);
        server.Map("GET", "/chosen/plaintext", static request => request.QueryBytes.IsEmpty ? Dispatch.ThreadPool : Dispatch.Worker, Plaintext);
        var filtered = server.MapGroup("/filtered");
        filtered.AddFilter(static (request, response, next) => next(request, response));
        filtered.MapGet("/plaintext", Plaintext);
        server.MapGet("/stream", StreamAsync, Dispatch.Inline);
        server.MapPost("/echo", EchoAsync, Dispatch.Inline);
        server.MapPost("/worker/echo", EchoAsync);
        server.MapPost("/worker/echo-by-hand", new EchoByHand().HandleAsync);
    }

    private static void Plaintext(HttpRequest request, HttpResponse response) => response.WriteBytes("Hello, World!"u8, "text/plain");

    // All that a framework asks of each request; its state is the connection's.
    private static void Verbs(HttpRequest request, HttpResponse response)
    {
        var seen = request.ConnectionId + request.MinorVersion + request.MethodBytes.Length + request.TargetBytes.Length + request.LocalEndPoint!.AddressFamily.GetHashCode();
        for (var index = 0; index < request.Headers.Count; index++)
        {
            seen += request.Headers.NameBytes(index).Length + request.Headers.ValueBytes(index).Length + (request.Headers.NameLengths == 0 ? 1 : 0);
        }

        request.PersistentState ??= new object();
        (request.MaxBodyBytes, request.MinBodyDataRate, response.MinDataRate) = (5000, 100, 100);
        response.WriteBytes(seen > 0 && request.MaxBodyBytes == 5000 ? "Hello, World!"u8 : "nothing"u8, "text/plain");
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask VerbsAsync(HttpRequest request, HttpResponse response)
    {
        Verbs(request, response);
        await EchoAsync(request, response);
    }

    private static async ValueTask StreamAsync(HttpRequest request, HttpResponse response)
    {
        response.Body.Write("Hello, "u8);
        await response.Body.FlushAsync();
        response.Body.Write("World!"u8);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask EchoAsync(HttpRequest request, HttpResponse response)
    {
        while (true)
        {
            var read = await request.Body.ReadAsync(request.Aborted);
            foreach (var memory in read.Buffer)
            {
                response.Body.Write(memory.Span);
            }

            request.Body.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    /// <summary>The same echo, one request at a time, without the state machine that an async method has.</summary>
    private sealed class EchoByHand : IValueTaskSource
    {
        private readonly Action _onRead;
        private ManualResetValueTaskSourceCore<bool> _source;
        private ValueTaskAwaiter<ReadResult> _reading;
        private HttpRequest? _request;
        private HttpResponse? _response;

        public EchoByHand() => _onRead = OnRead;

        public ValueTask HandleAsync(HttpRequest request, HttpResponse response)
        {
            (_request, _response) = (request, response);
            _source.Reset();
            var version = _source.Version;
            Read();
            return new ValueTask(this, version);
        }

        public void GetResult(short token) => _source.GetResult(token);

        public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

        public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
            _source.OnCompleted(continuation, state, token, flags);

        private void Read()
        {
            do
            {
#pragma warning disable CA2012 // Consumed once, by TryEnd.
                _reading = _request!.Body.ReadAsync().GetAwaiter();
#pragma warning restore CA2012
                if (!_reading.IsCompleted)
                {
                    _reading.UnsafeOnCompleted(_onRead);
                    return;
                }
            }
            while (!TryEnd());
        }

        private void OnRead()
        {
            if (!TryEnd())
            {
                Read();
            }
        }

        private bool TryEnd()
        {
            try
            {
                var read = _reading.GetResult();
                foreach (var memory in read.Buffer)
                {
                    _response!.Body.Write(memory.Span);
                }

                _request!.Body.AdvanceTo(read.Buffer.End);
                if (!read.IsCompleted)
                {
                    return false;
                }
            }
            catch (IOException exception)
            {
                _source.SetException(exception);
                return true;
            }

            _source.SetResult(true);
            return true;
        }
    }
}
