using System.Globalization;
using Microsoft.Extensions.Logging;

namespace PipeServer.Tests.Server;

/// <summary>
/// What handlers get of a request as values: typed parts of path and query, cookies; and what a handler says when they do not fit. One suite, unchanged over each
/// transport.
/// </summary>
public abstract class RequestValuesTests(string transport)
{
    [Fact]
    public async Task Cookies_are_the_same_at_every_split()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        const string Bytes = "GET /cookies HTTP/1.1\r\nHost: a\r\nCookie: a=1; b=\"2\"; a=other; bad; =x\r\nX: y\r\ncookie:c=\u00e9; d=\r\n\r\n";
        for (var split = 1; split < Bytes.Length; split++)
        {
            await client.SendAsync(Bytes[..split]);
            await client.SendAsync(Bytes[split..]);
            Assert.Equal("a=1 b=2 a=other c=é d= / 1 2 é  none none none E9", (await client.ReadResponseAsync()).Text);
        }

        Assert.Equal(" / none none none none none none none ", (await client.RequestAsync(TestClient.Get("/cookies"))).Text);
    }

    // Many pairs, and a look-up for each of a few names: work that grows with the head, not with its square.
    [Fact]
    public async Task A_long_cookie_field_is_gone_through_once()
    {
        await using var server = await StartAsync(static server => server.MapGet("/", static (request, response) =>
            response.WriteText($"{request.Cookies.Count()} {request.Cookies["last"]} {request.Cookies["none"] ?? "none"}")));
        await using var client = await server.ConnectAsync();
        var pairs = string.Concat(Enumerable.Range(0, 2000).Select(static number => $"c{number}=;;"));
        Assert.Equal("2001 x none", (await client.RequestAsync(TestClient.Get("/", $"Cookie: {pairs}last=x"))).Text);
    }

    [Theory]
    [InlineData("/item/17", "17")]
    [InlineData("/item/-17", "-17")]
    [InlineData("/item/%31%37", "17")]
    [InlineData("/item/17%20", "17")]
    [InlineData("/item/1%2F7", null)]
    [InlineData("/item/x", null)]
    [InlineData("/item/99999999999", null)]
    [InlineData("/item/%FF", null)]
    [InlineData("/item/%D9%A1", null)]
    public async Task A_part_of_the_path_is_a_number(string target, string? expected)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get(target));
        Assert.Equal(expected is null ? 400 : 200, response.Status);
        Assert.Equal(expected is null ? "400 Bad Request: The part 'id' of the path is malformed.\n" : $"{expected} True", response.Text);
    }

    [Theory]
    [InlineData("n=5", "5 True 7")]
    [InlineData("n=5&n=6&m=8", "5 True 8")]
    [InlineData("%6e=%35&m=+8+", "5 True 8")]
    [InlineData("a&&n=5&", "5 True 7")]
    [InlineData("", "400 Bad Request: The query parameter 'n' is missing.\n")]
    [InlineData("N=5", "400 Bad Request: The query parameter 'n' is missing.\n")]
    [InlineData("n", "400 Bad Request: The query parameter 'n' is malformed.\n")]
    [InlineData("n=", "400 Bad Request: The query parameter 'n' is malformed.\n")]
    [InlineData("n=x&n=5", "400 Bad Request: The query parameter 'n' is malformed.\n")]
    [InlineData("n=5&m=x", "400 Bad Request: The query parameter 'm' is malformed.\n")]
    [InlineData("n=1,5", "400 Bad Request: The query parameter 'n' is malformed.\n")]
    [InlineData("n=%3Cb%3E", "400 Bad Request: The query parameter 'n' is malformed.\n")]
    public async Task A_parameter_of_the_query_is_a_number(string query, string expected)
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get($"/query?{query}"));
        Assert.Equal(expected, response.Text);
        Assert.Equal(expected.StartsWith("400") ? 400 : 200, response.Status);
    }

    [Fact]
    public async Task Other_types_have_their_own_grammar_in_the_invariant_culture()
    {
        var results = new List<string>();
        await using var server = await StartAsync(server => server.MapGet("/{rest}", (request, response) =>
        {
            var before = CultureInfo.CurrentCulture;
            CultureInfo.CurrentCulture = WithDecimalComma();
            try
            {
                results.Add(Show<double>(request, "double"));
                results.Add(Show<bool>(request, "bool"));
                results.Add(Show<Guid>(request, "guid"));
                results.Add(Show<DateTimeOffset>(request, "time"));
                results.Add(Show<string>(request, "text"));
                results.Add(Show<string>(request, "long").Length.ToString(CultureInfo.InvariantCulture));
                results.Add(string.Join('|', request.Query.GetAll("several")));
                results.Add(request.Query.GetAll("none").Count.ToString(CultureInfo.InvariantCulture));
                results.Add(request.RouteValues.TryGet<string>("rest", out var rest) ? rest : "none");
                results.Add(request.RouteValues.TryGet<string>("other", out var other).ToString() + other);
                Assert.Throws<KeyNotFoundException>(() => request.RouteValues.Get<int>("other"));
                response.StatusCode = 204;
            }
            finally
            {
                CultureInfo.CurrentCulture = before;
            }
        }));
        await using var client = await server.ConnectAsync();
        const string Guid = "0f8fad5b-d9cb-469f-a165-70867728950e";
        var response = await client.RequestAsync(TestClient.Get(
            $"/a%2Fb%C3%A9?double=1.5&bool=TRUE&guid={Guid}&time=2026-11-26T19:30:00%2B01:00&text=a+b%26%C3%A9&long={new string('x', 1000)}&several=1&x=y&several=&several=%32"));
        Assert.Equal(204, response.Status);
        Assert.Equal(["1.5", "True", Guid, "11/26/2026 19:30:00 +01:00", "a b&é", "1000", "1||2", "0", "a/bé", "False"], results);

        static string Show<T>(HttpRequest request, string name)
            where T : ISpanParsable<T> => request.Query.TryGet<T>(name, out var value) ? Convert.ToString((object)value, CultureInfo.InvariantCulture)! : "none";
    }

    [Theory]
    [InlineData(400)]
    [InlineData(409)]
    [InlineData(422)]
    [InlineData(499)]
    public async Task What_a_handler_finds_unfit_is_answered_with_its_words_and_is_no_fault(int status)
    {
        var outcomes = new List<RequestOutcome>();
        await using var server = await StartAsync(
            server => server.MapPost("/", (_, response) =>
            {
                response.WriteText("half an answer");
                response.Headers["X-Half"] = "1";
                throw new BadHttpRequestException("No\r\nSet-Cookie: a=b\u0000 é.", status);
            }),
            options => options.OnCompleted = (in completion) => outcomes.Add(completion.Outcome));
        await using var client = await server.ConnectAsync();
        for (var round = 0; round < 2; round++)
        {
            // The connection goes on, whatever was left of the body.
            await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
            var response = await client.ReadResponseAsync();
            Assert.Equal(status, response.Status);
            Assert.Matches($"^{status}[A-Za-z ]*: No\uFFFD\uFFFDSet-Cookie: a=b\uFFFD é\\.\n$", response.Text);
            Assert.Equal(("text/plain; charset=utf-8", "nosniff", null, null), (response["Content-Type"], response["X-Content-Type-Options"], response["X-Half"], response["Set-Cookie"]));
            Assert.Null(response["Connection"]);
        }

        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
        await Eventually.TrueAsync(() => server.Server.Requests.Completed == 2, "both are counted, which is when they have been sent");
        Assert.Equal(0, server.Server.Requests.Refused);
        Assert.All(outcomes, static outcome => Assert.Equal(RequestOutcome.Answered, outcome));
    }

    // A malformed body goes before what a handler thinks of the rest.
    [Fact]
    public async Task A_malformed_body_is_answered_as_one()
    {
        await using var server = await StartAsync(static server => server.MapPost("/", static (_, _) => throw new BadHttpRequestException("No.", 409)));
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
        Assert.Equal((400, "close"), (response.Status, response["Connection"]));
    }

    [Fact]
    public async Task What_comes_too_late_cuts_the_connection()
    {
        await using var server = await StartAsync(static server => server.MapGet("/", static async (_, response) =>
        {
            response.WriteText("x");
            await response.Body.FlushAsync();
            throw new BadHttpRequestException("Too late.", 409);
        }));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/"));
        await Eventually.TrueAsync(() => server.Server.Requests.Aborted == 1, "it is cut");
        Assert.Equal(0, server.Log.CountFrom(LogLevel.Warning));
    }

    [Fact]
    public void A_status_is_one_for_a_fault_of_the_client()
    {
        Assert.Throws<ArgumentOutOfRangeException>(static () => new BadHttpRequestException("x", 399));
        Assert.Throws<ArgumentOutOfRangeException>(static () => new BadHttpRequestException("x", 500));
        Assert.Equal(1024, new BadHttpRequestException(new string('x', 5000)).Text.Length);
    }

    [Theory]
    [InlineData(301, "Moved Permanently")]
    [InlineData(302, "Found")]
    [InlineData(303, "See Other")]
    [InlineData(307, "Temporary Redirect")]
    [InlineData(308, "Permanent Redirect")]
    public async Task A_redirect_has_status_location_and_a_line(int status, string phrase)
    {
        await using var server = await StartAsync(server => server.MapGet("/", (_, response) =>
        {
            response.Headers.Add("Set-Cookie", "a=b");
            response.Redirect("/é?a=b", status);
        }));
        await using var client = await server.ConnectAsync();
        var response = await client.RequestAsync(TestClient.Get("/"));
        Assert.Equal((status, "/%C3%A9?a=b", $"{status} {phrase}: see Location.\n", "a=b"), (response.Status, response["Location"], response.Text, response["Set-Cookie"]));
        Assert.Equal(status, (await client.RequestAsync(TestClient.Get("/").Replace("GET", "HEAD"), isHead: true)).Status);
    }

    [Fact]
    public async Task A_redirect_that_is_none_is_refused()
    {
        await using var server = await StartAsync(static server => server.MapGet("/", static (_, response) =>
        {
            foreach (var status in new[] { 200, 300, 304, 305, 306, 309, 400 })
            {
                Assert.Throws<ArgumentOutOfRangeException>(() => response.Redirect("/", status));
            }

            Assert.Throws<ArgumentException>(() => response.Redirect("/\r\nX: y"));
            Assert.Equal((200, null), (response.StatusCode, response.Headers["Location"]));
            response.WriteText("begun");
            Assert.Throws<InvalidOperationException>(() => response.Redirect("/"));
        }));
        await using var client = await server.ConnectAsync();
        Assert.Equal((200, "begun"), await client.RequestAsync(TestClient.Get("/")) is var response ? (response.Status, response.Text) : default);
    }

    private static CultureInfo WithDecimalComma()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (culture.NumberFormat.NumberDecimalSeparator, culture.NumberFormat.NumberGroupSeparator) = (",", ".");
        return culture;
    }

    private Task<TestServer> StartAsync(Action<HttpServer>? map = null, Action<HttpServerOptions>? configure = null) =>
        TestServer.StartAsync(transport, map ?? Map, configure);

    private static void Map(HttpServer server)
    {
        server.MapGet("/cookies", static (request, response) =>
        {
            var cookies = request.Cookies;
            var all = string.Join(' ', cookies.Select(static cookie => $"{cookie.Key}={cookie.Value}"));
            var some = string.Join(' ', new[] { "a", "b", "c", "d", "bad", "A", "é" }.Select(name => cookies.TryGetValue(name, out var value) ? value : "none"));
            response.WriteText($"{all} / {some} {(cookies.TryGetBytes("c"u8, out var bytes) ? Convert.ToHexString(bytes) : "")}");
        });
        server.MapGet("/item/{id}", static (request, response) =>
        {
            var id = request.RouteValues.Get<int>("id");
            response.WriteText($"{id} {request.RouteValues.TryGet<int>("id", out var same) && same == id}");
        });
        server.MapGet("/query", static (request, response) =>
        {
            var n = request.Query.Get<int>("n");
            response.WriteText($"{n} {request.Query.TryGet<int>("n", out var same) && same == n} {request.Query.Get("m", 7)}");
        });
    }
}
