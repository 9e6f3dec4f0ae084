using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace PipeServer.Fuzz;

/// <summary>
/// Sends streams of requests to a server over one transport, and holds all that comes back against what
/// <see cref="ReferenceParser"/> makes of the same stream: how many answers, which, and whether anything follows.
/// </summary>
internal sealed partial class ServerCheck : IAsyncDisposable
{
    private const long MaxBody = 128 * 1024 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpServer _server;
    private readonly MemoryTransport? _memory;

    private ServerCheck(HttpServer server, MemoryTransport? memory)
    {
        _server = server;
        _memory = memory;
    }

    public static async Task<ServerCheck> StartAsync(string transport)
    {
        var used = Transports.Create(transport);
        var server = new HttpServer(new HttpServerOptions { Port = 0, Workers = 2, Transport = used });
        ProtocolServer.Map(server);
        await server.StartAsync();
        return new ServerCheck(server, used as MemoryTransport);
    }

    /// <summary>Null, or what came back that should not have, or did not.</summary>
    /// <param name="stream">All that the client sends; then it half-closes.</param>
    /// <param name="split">Where the first of the two writes ends.</param>
    public async Task<string?> FindAsync(byte[] stream, int split)
    {
        byte[] received;
        try
        {
            received = await ExchangeAsync(stream, split);
        }
        catch (TimeoutException)
        {
            return "the server neither answers nor closes";
        }
        catch (Exception exception) when (exception is IOException or SocketException)
        {
            return "the connection was reset: " + exception.Message;
        }

        return Compare(Encoding.Latin1.GetString(stream), Encoding.Latin1.GetString(received));
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private async Task<byte[]> ExchangeAsync(byte[] stream, int split)
    {
        Stream client;
        if (_memory is not null)
        {
            client = _memory.Connect();
        }
        else
        {
            var socket = new Socket(_server.EndPoints[0].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(_server.EndPoints[0]);
            client = new NetworkStream(socket, ownsSocket: true);
        }

        await using (client)
        {
            using var patience = new CancellationTokenSource(Patience);
            var received = new MemoryStream();
            var receiving = client.CopyToAsync(received, patience.Token);
            await client.WriteAsync(stream.AsMemory(0, split), patience.Token);
            await Task.Yield();
            await client.WriteAsync(stream.AsMemory(split), patience.Token);
            if (client is NetworkStream network)
            {
                network.Socket.Shutdown(SocketShutdown.Send);
            }
            else
            {
                ((MemoryClientStream)client).ShutdownSend();
            }

            try
            {
                await receiving;
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException();
            }

            return received.ToArray();
        }
    }

    private static string? Compare(string stream, string received)
    {
        var at = 0;
        for (var number = 1; at < stream.Length; number++)
        {
            var request = ReferenceParser.Parse(stream[at..]);
            var response = Response.Take(ref received, IsHead().IsMatch(stream[at..]));
            if (request.Outcome != ReferenceOutcome.Complete)
            {
                // Half a head that ends is nothing; or it was clear already that it would never be one.
                var mayBeSilent = request.Outcome == ReferenceOutcome.Incomplete;
                return response is null
                    ? mayBeSilent ? null : $"answer {number} is missing, a refusal"
                    : Refusal(number, response, received);
            }

            if (response is null)
            {
                return request.BodyOutcome == ReferenceOutcome.Incomplete ? null : $"answer {number} is missing: {ParserCheck.Escape(request.Meaning)}";
            }

            if (request.ContentLength > MaxBody || (request.BodyOutcome != ReferenceOutcome.Complete && IsEcho(request)))
            {
                return Refusal(number, response, received);
            }

            if (request.BodyOutcome != ReferenceOutcome.Complete)
            {
                // Nobody reads it, so it is refused only as far as it had come by then.
                return response.Status == Status(request) ? Ends(number, received) : Refusal(number, response, received);
            }

            var problem = CheckAnswer(number, request, response);
            if (problem is not null || response.Closes)
            {
                return problem ?? Ends(number, received);
            }

            at += request.Length;
        }

        return received.Length == 0 ? null : $"more answers than requests: {ParserCheck.Escape(received)}";
    }

    private static string? CheckAnswer(int number, ReferenceRequest request, Response response)
    {
        // A client that waits for a 100 and does not get it may send its body or not.
        var mayClose = !request.KeepAlive || request.Meaning.Contains("100-continue", StringComparison.OrdinalIgnoreCase);
        return response.Status != Status(request) ? $"answer {number} is {response.Status}, not {Status(request)}: {ParserCheck.Escape(request.Meaning)}"
            : response.Closes && !mayClose ? $"answer {number} closes the connection"
            : !response.Closes && !request.KeepAlive ? $"answer {number} keeps the connection"
            : IsEcho(request) && response.Body != request.Body ? $"answer {number} echoes {ParserCheck.Escape(response.Body)}, not {ParserCheck.Escape(request.Body)}"
            : null;
    }

    private static string? Refusal(int number, Response response, string rest) =>
        response.Status is 400 or 413 or 414 or 431 or 501 or 505 && response.Closes
            ? Ends(number, rest)
            : $"answer {number} is no refusal but {response.Status}";

    private static string? Ends(int number, string rest) =>
        rest.Length == 0 ? null : $"something follows answer {number}, the last: {ParserCheck.Escape(rest)}";

    private static bool IsEcho(ReferenceRequest request) => request is { Method: "POST", OwnStatus: 0 };

    private static int Status(ReferenceRequest request) => request.OwnStatus != 0 ? request.OwnStatus : request.Method switch
    {
        "GET" or "HEAD" or "POST" => 200,
        "OPTIONS" => 204,
        "CONNECT" or "TRACE" or "PUT" or "DELETE" or "PATCH" => 405,
        _ => 501,
    };

    // As far as a refused head has a method.
    [GeneratedRegex(@"\A(?:\r\n){0,2}HEAD ")]
    private static partial Regex IsHead();

    private sealed partial record Response(int Status, bool Closes, string Body)
    {
        // Takes a whole response off the front; null when there is none. Anything else ends the comparison by its status 0.
        public static Response? Take(ref string text, bool isHead)
        {
            while (text.StartsWith("HTTP/1.1 100 Continue\r\n\r\n", StringComparison.Ordinal))
            {
                text = text[25..];
            }

            if (text.Length == 0)
            {
                return null;
            }

            var head = Head().Match(text);
            if (!head.Success)
            {
                return new Response(0, false, text);
            }

            text = text[head.Length..];
            var status = int.Parse(head.Groups["status"].Value, CultureInfo.InvariantCulture);
            var length = isHead || !head.Groups["length"].Success ? 0 : int.Parse(head.Groups["length"].Value, CultureInfo.InvariantCulture);
            if (length > text.Length)
            {
                return new Response(0, false, text);
            }

            var body = text[..length];
            text = text[length..];
            return new Response(status, head.Value.Contains("\r\nConnection: close\r\n", StringComparison.Ordinal), body);
        }

        [GeneratedRegex(@"\AHTTP/1\.1 (?<status>[2-5][0-9]{2}) [A-Za-z ]+\r\n(?:Content-Length: (?<length>[0-9]+)\r\n|[A-Za-z-]+: [ -~]*\r\n)*\r\n")]
        private static partial Regex Head();
    }
}
