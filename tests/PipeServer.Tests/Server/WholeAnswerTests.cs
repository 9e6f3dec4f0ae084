using System.Buffers;
using System.Globalization;
using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>
/// An ordinary whole answer is written in one piece, and so is a prepared one; everything else goes field by field. The client must not be able
/// to tell which way its answer went: each of many answers is made by every way there is, and compared byte for byte with what the rules say.
/// </summary>
public abstract class WholeAnswerTests(string transport)
{
    private const int Answers = 400;
    private const int RequestsPerConnection = 20;

    private static readonly Dictionary<int, string> Reasons = new()
    {
        [200] = "OK",
        [201] = "Created",
        [204] = "No Content",
        [205] = "Reset Content",
        [206] = "Partial Content",
        [299] = "",
        [304] = "Not Modified",
        [404] = "Not Found",
        [503] = "Service Unavailable",
        [999] = "",
    };

    private static readonly string[] Types =
    [
        "text/plain", "text/html; charset=utf-8", "application/json", "", " text/css\t", "text/x-\u00E9", "x/" + new string('y', 45), "x/" + new string('z', 46),
        "multipart/mixed; boundary=" + new string('b', 60), "x/" + new string('w', 126), "x/" + new string('v', 127), "x/" + new string('u', 300),
    ];

    private static readonly string[] Names = ["X-A", "x-a", "Set-Cookie", "Vary", "Server", "Last-Modified", "Content-Type", "content-type", "X-Long"];

    private static readonly int[] Lengths = [0, 1, 9, 10, 13, 99, 100, 999, 1000, 1024, 1025, 3800, 4096, 9999, 10_000, 16_384, 20_000, 70_000, 100_000];

    /// <summary>How a handler brings about an answer.</summary>
    public enum Way
    {
        /// <summary>Fields and body, as handlers do it.</summary>
        Whole,

        /// <summary>The same, and the fields are looked at in between.</summary>
        LookedAt,

        /// <summary>A field is removed again, which leaves a gap among the others.</summary>
        WithGaps,

        /// <summary>The length is told beforehand, so the head goes out before the body.</summary>
        Promised,

        /// <summary>Encoded beforehand.</summary>
        Prepared,

        /// <summary>Encoded beforehand but for the body, which is fetched each time.</summary>
        Sourced,
    }

    [Theory]
    [InlineData(Way.Whole)]
    [InlineData(Way.LookedAt)]
    [InlineData(Way.WithGaps)]
    [InlineData(Way.Promised)]
    [InlineData(Way.Prepared)]
    [InlineData(Way.Sourced)]
    public async Task Each_answer_is_the_bytes_that_the_rules_say(Way way)
    {
        var random = new Random(48);
        var answers = Enumerable.Range(0, Answers).Select(_ => Answer.Create(random, way)).ToList();
        await using var server = await TestServer.StartAsync(
            transport,
            server =>
            {
                server.MapGet("/inline/{number}", (request, response) => answers[Number(request)].Give(response, way), Dispatch.Inline);
                server.MapGet("/worker/{number}", (request, response) => answers[Number(request)].Give(response, way));
            },
            static options => options.TimeProvider = new StoppedTime());
        for (var start = 0; start < Answers;)
        {
            // Pipelined, up to one that ends the connection.
            var requests = new StringBuilder();
            var expected = new MemoryStream();
            for (var isOpen = true; isOpen; start++)
            {
                var isLast = start % RequestsPerConnection == RequestsPerConnection - 1;
                isOpen = Ask(answers[start], start, isLast, requests, expected, way);
            }

            await using var client = await server.ConnectAsync();
            await client.SendAsync(requests.ToString());
            client.ShutdownSend();
            Assert.Equal(Encoding.Latin1.GetString(expected.ToArray()), Encoding.Latin1.GetString(await client.ReadToEndAsync()));
        }
    }

    // RFC 9110 §8.8.2.1: a Last-Modified must not be later than the Date beside it. The Date is as old as the last beat, so a response that was
    // prepared since then, with the time in it, told the client of a change in the future.
    [Fact]
    public async Task A_prepared_response_is_not_from_before_its_own_time()
    {
        var time = new TimeWithoutBeats();
        await using var server = await TestServer.StartAsync(
            transport,
            server => server.MapGet(
                "/",
                (_, response) =>
                {
                    time.UtcNow += TimeSpan.FromSeconds(2);
                    var modified = time.UtcNow.ToString("R", CultureInfo.InvariantCulture);
                    response.Send(new PreparedResponse(200, [new("last-modified", modified)], "new"u8.ToArray()));
                },
                Dispatch.Inline),
            options => options.TimeProvider = time);
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get("/"));
        Assert.Equal(response["Last-Modified"], response["Date"]);
        Assert.Equal("new", response.Text);
    }

    // A small body is sent from where it was encoded, so what the caller does with its own array is the caller's business.
    [Theory]
    [InlineData(3)]
    [InlineData(20_000)]
    public async Task A_prepared_body_is_the_one_that_was_given(int length)
    {
        var bytes = new byte[length];
        Array.Fill(bytes, (byte)'a');
        var prepared = new PreparedResponse(200, [], bytes);
        Array.Fill(bytes, (byte)'b');
        await using var server = await TestServer.StartAsync(
            transport, server => server.MapGet("/", (_, response) => response.Send(prepared), Dispatch.Inline));
        await using var client = await server.ConnectAsync();
        Assert.Equal(new string('a', length), (await client.RequestAsync(TestClient.Get("/"))).Text);
        Assert.Equal(new string('a', length), Encoding.ASCII.GetString(prepared.Body.Span));
    }

    private static int Number(HttpRequest request) => int.Parse(request.RouteValues["number"], CultureInfo.InvariantCulture);

    // False when the connection ends with this one.
    private static bool Ask(Answer answer, int number, bool isLast, StringBuilder requests, MemoryStream expected, Way way)
    {
        var closes = isLast || answer.Closes;
        var method = answer.IsHead ? "HEAD" : "GET";
        var place = number % 3 == 0 ? "worker" : "inline";
        var (version, connection) = answer.IsHttp10 ? ("1.0", closes ? "" : "Connection: keep-alive\r\n") : ("1.1", isLast ? "Connection: close\r\n" : "");
        requests.Append(CultureInfo.InvariantCulture, $"{method} /{place}/{number} HTTP/{version}\r\nHost: a\r\n{connection}\r\n");
        expected.Write(answer.Expected(closes, way));
        return !closes;
    }

    private sealed record Answer(int Status, List<KeyValuePair<string, string>> Fields, byte[] Body, bool IsHead, bool IsHttp10, bool Closes)
    {
        private PreparedResponse? _prepared;

        private bool HasBody => Status is not (204 or 205 or 304);

        public static Answer Create(Random random, Way way)
        {
            var status = random.Next(2) == 0 ? 200 : Reasons.Keys.ElementAt(random.Next(Reasons.Count));
            var length = status is 204 or 205 or 304 ? 0 : Lengths[random.Next(Lengths.Length)];
            var body = new byte[way == Way.Sourced ? Math.Min(length, PreparedResponse.MaxSourceBytes) : length];
            random.NextBytes(body);
            var fields = new List<KeyValuePair<string, string>>();
            for (var left = random.Next(3) == 0 ? random.Next(7) : random.Next(2); left > 0; left--)
            {
                var name = random.Next(2) == 0 ? "Content-Type" : Names[random.Next(Names.Length)];
                var value = name.Equals("Content-Type", StringComparison.OrdinalIgnoreCase) ? Types[random.Next(Types.Length)]
                    : name == "Last-Modified" ? "Sun, 06 Nov 1994 08:49:37 GMT"
                    : new string('v', random.Next(name == "X-Long" ? 2000 : 20));
                fields.Add(new(name, value));
            }

            var answer = new Answer(status, fields, body, random.Next(6) == 0, random.Next(6) == 0, random.Next(8) == 0);
            answer._prepared = way switch
            {
                Way.Prepared => new PreparedResponse(status, fields, body),
                Way.Sourced => PreparedResponse.WithSource(status, fields, new TestSource(body) { Failures = random.Next(3) }),
                _ => null,
            };
            return answer;
        }

        public void Give(HttpResponse response, Way way)
        {
            response.CloseConnection = Closes;
            if (_prepared is not null)
            {
                // What was not to be had once leaves no trace.
                while (!response.TrySend(_prepared))
                {
                    Assert.False(response.HasStarted);
                    Assert.Equal(200, response.StatusCode);
                }

                return;
            }

            response.StatusCode = Status;
            if (way == Way.WithGaps)
            {
                response.Headers["X-Gone"] = "gone";
            }

            foreach (var (name, value) in Fields)
            {
                SetOrAdd(response, name, value);
                if (way == Way.LookedAt)
                {
                    Assert.EndsWith(value.Trim(' ', '\t'), response.Headers[name]);
                }
            }

            if (way == Way.WithGaps)
            {
                Assert.True(response.Headers.Remove("X-Gone"));
            }

            if (way == Way.Promised && HasBody)
            {
                response.ContentLength = Body.Length;
            }

            if (Body.Length > 0)
            {
                // In two pieces: what is held back grows.
                response.Body.Write(Body.AsSpan(0, Body.Length / 2));
                response.Body.Write(Body.AsSpan(Body.Length / 2));
            }
        }

        public byte[] Expected(bool closes, Way way)
        {
            var fields = way is Way.Prepared or Way.Sourced ? Fields : AsSet();
            var hasServer = fields.Exists(static field => field.Key == "Server");
            var length = HasBody || Status == 205 ? $"Content-Length: {Body.Length}\r\n" : "";
            var connection = closes ? "Connection: close\r\n" : IsHttp10 ? "Connection: keep-alive\r\n" : "";
            var head = $"HTTP/1.1 {Status} {Reasons[Status]}\r\n{(hasServer ? "" : "Server: PipeServer\r\n")}Date: Thu, 26 Nov 2026 12:00:00 GMT\r\n"
                + (way is Way.Prepared or Way.Sourced ? connection + length : length + connection)
                + string.Concat(fields.Select(static field => $"{field.Key}: {field.Value.Trim(' ', '\t')}\r\n")) + "\r\n";
            return [.. Encoding.Latin1.GetBytes(head), .. IsHead || !HasBody ? [] : Body];
        }

        private static void SetOrAdd(HttpResponse response, string name, string value)
        {
            if (name == "Set-Cookie")
            {
                response.Headers.Add(name, value);
            }
            else if (name == "Content-Type" && value.Length % 2 == 0)
            {
                response.ContentType = value;
            }
            else
            {
                response.Headers[name] = value;
            }
        }

        // Setting replaces what was there, and goes to the end.
        private List<KeyValuePair<string, string>> AsSet()
        {
            var set = new List<KeyValuePair<string, string>>();
            foreach (var field in Fields)
            {
                if (field.Key != "Set-Cookie")
                {
                    set.RemoveAll(other => other.Key.Equals(field.Key, StringComparison.OrdinalIgnoreCase));
                }

                set.Add(field);
            }

            return set;
        }
    }

    private sealed class StoppedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    }
}
