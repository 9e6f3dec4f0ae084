using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using PipeServer.Cli.AccessLog;
using PipeServer.Tests.Diagnostics;

namespace PipeServer.Tests.Cli;

/// <summary>The access log in the process: its formats, what is left out, and its queue, which nobody waits for.</summary>
public sealed class AccessLogTests : IDisposable
{
    private const string Own = "%h %u %t %r %s %b %D %v %{Referer}i %{user-AGENT}i %%";

    private readonly TestLog _log = new();
    private readonly HeldTarget _target = new();
    private readonly ManualTimeProvider _time = new();

    public void Dispose() => _log.Dispose();

    [Theory]
    [InlineData("common", "GET /a?b HTTP/1.1", "", "- - - [21/Nov/2026:12:00:00 +0000] \"GET /a?b HTTP/1.1\" 200 5")]
    [InlineData("combined", "GET /a HTTP/1.1", "Referer: http://r/\r\nUser-Agent: u a\r\n",
        "- - - [21/Nov/2026:12:00:00 +0000] \"GET /a HTTP/1.1\" 200 5 \"http://r/\" \"u a\"")]
    [InlineData("combined", "HEAD /a HTTP/1.1", "", "- - - [21/Nov/2026:12:00:00 +0000] \"HEAD /a HTTP/1.1\" 200 0 \"-\" \"-\"")]
    // What a client sends cannot end its field, or the line: quotation marks, backslashes, tabs, bytes that are not ASCII; a space in the user's name.
    [InlineData("combined", "GET /a?x\\y HTTP/1.1", "Referer: \"\\\t\u00e9\r\n",
        "- - - [21/Nov/2026:12:00:00 +0000] \"GET /a?x\\x5Cy HTTP/1.1\" 200 5 \"\\x22\\x5C\\x09\\xE9\" \"-\"")]
    [InlineData("common", "GET /a HTTP/1.1", "Authorization: Basic YiAiXAk6cA==\r\n", // b "\TAB:p
        "- - b\\x20\\x22\\x5C\\x09 [21/Nov/2026:12:00:00 +0000] \"GET /a HTTP/1.1\" 200 5")]
    [InlineData("common", "GET /a HTTP/1.1", "Authorization: basic   Ym9iOg==  \r\n", "- - bob [21/Nov/2026:12:00:00 +0000] \"GET /a HTTP/1.1\" 200 5")]
    [InlineData("common", "GET /a HTTP/1.1", "Authorization: Basic ?\r\n", "- - - [21/Nov/2026:12:00:00 +0000] \"GET /a HTTP/1.1\" 200 5")]
    [InlineData("common", "GET /a HTTP/1.1", "Authorization: Bearer abcd\r\n", "- - - [21/Nov/2026:12:00:00 +0000] \"GET /a HTTP/1.1\" 200 5")]
    [InlineData(Own, "GET /a HTTP/1.1", "Referer: a b\r\n", "- - [21/Nov/2026:12:00:00 +0000] GET\\x20/a\\x20HTTP/1.1 200 5 0 h a\\x20b - %")]
    [InlineData("%s %H", "GET /a HTTP/1.1", "", "200 HTTP/1.1")]
    [InlineData("%H", "GET /a HTTP/1.0", "", "HTTP/1.0")]
    public async Task A_line_has_its_form(string form, string requestLine, string headers, string expected)
    {
        var lines = await LinesAsync(form, [], $"{requestLine}\r\nHost: h\r\n{headers}\r\n");
        Assert.Equal([expected], lines);
    }

    [Fact]
    public async Task What_was_no_request_is_a_line_too()
    {
        var lines = await LinesAsync("combined", [], "\x16\x03\x01 \"\r\n\r\n");
        Assert.Equal(["- - - [21/Nov/2026:12:00:00 +0000] \"\\x16\\x03\\x01 \\x22\" 400 64 \"-\" \"-\""], lines);
    }

    [Fact]
    public async Task Json_has_all_of_it()
    {
        var line = Assert.Single(await LinesAsync(
            "json", [], "GET /a HTTP/1.1\r\nHost: h\r\nReferer: \"\\\t\u00c3\u00a9\u00e9\r\nUser-Agent: \u0080x\r\nAuthorization: Basic Ym9iOg==\r\n\r\n"));
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        Assert.Equal("2026-11-21T12:00:00.000Z", root.GetProperty("time").GetString());
        Assert.Equal("-", root.GetProperty("client").GetString());
        Assert.Equal("bob", root.GetProperty("user").GetString());
        Assert.Equal("GET /a HTTP/1.1", root.GetProperty("request").GetString());
        Assert.Equal("h", root.GetProperty("host").GetString());
        Assert.Equal(200, root.GetProperty("status").GetInt32());
        Assert.Equal(5, root.GetProperty("bytesSent").GetInt32());
        Assert.Equal(0, root.GetProperty("bytesReceived").GetInt32());
        Assert.Equal("\"\\\té\u00e9", root.GetProperty("referer").GetString()); // UTF-8 as it is, a byte that is not as itself
        Assert.Equal("\u0080x", root.GetProperty("userAgent").GetString());
        Assert.Equal("answered", root.GetProperty("outcome").GetString());
        Assert.False(root.TryGetProperty("reason", out _));
    }

    [Fact]
    public async Task A_long_line_stays_one_line_and_json()
    {
        var head = $"GET /{new string('a', 7000)} HTTP/1.1\r\nHost: h\r\nReferer: {new string('\t', 1)}{new string('\u0001', 0)}{new string('"', 9000)}x\r\n"
            + $"User-Agent: {new string('\u00ff', 9000)}\r\n\r\n";
        var text = Assert.Single(await LinesAsync("combined", [], head));
        Assert.InRange(text.Length, 10_000, 64 * 1024);
        var line = Assert.Single(await LinesAsync("json", [], head));
        using var json = JsonDocument.Parse(line);
        Assert.Equal(4096, json.RootElement.GetProperty("userAgent").GetString()!.Length);
    }

    [Fact]
    public async Task Paths_can_be_left_out()
    {
        var lines = await LinesAsync(
            "common", ["/healthz/*", "*.png"],
            TestClient.Get("/healthz/live"), TestClient.Get("/healthz/a/b?c"), TestClient.Get("/x/y.png"), TestClient.Get("/healthz"), TestClient.Get("/a"));
        Assert.Equal(2, lines.Count);
        Assert.Contains("GET /healthz HTTP/1.1", lines[0]);
        Assert.Contains("GET /a HTTP/1.1", lines[1]);
    }

    [Theory]
    [InlineData("", "it must be common, combined, json, or a text with directives")]
    [InlineData("Combined", "it must be common, combined, json, or a text with directives")]
    [InlineData("%h %>s", "there is no directive '%>'")]
    [InlineData("%h %{Cookie}i", "there is no directive '%{Cookie}i'")]
    [InlineData("%h %{Referer}o", "there is no directive '%{Referer}o'")]
    [InlineData("%h %", "there is no directive '%'")]
    [InlineData("%m", "there is no directive '%m'")]
    [InlineData("%h\n%u", "it must have no control characters")]
    public void A_format_with_a_mistake_is_told(string form, string expected)
    {
        Assert.StartsWith(expected, AccessLogFormat.TryParse(form, out var format));
        Assert.Null(format);
    }

    [Theory]
    [InlineData("/a", "/a", true)]
    [InlineData("/a", "/ab", false)]
    [InlineData("/a*", "/a", true)]
    [InlineData("/a/*", "/a", false)]
    [InlineData("*/b*c", "/a/b/b/xc", true)]
    [InlineData("*/b*c", "/a/b/b/xcd", false)]
    [InlineData("*", "", true)]
    [InlineData("", "", true)]
    [InlineData("**", "/", true)]
    public void A_star_stands_for_anything(string pattern, string path, bool matches) =>
        Assert.Equal(matches, new PathPattern(pattern).Matches(Encoding.UTF8.GetBytes(path)));

    // Whoever does not read costs lines, which are counted, and bounded memory; nobody waits.
    [Fact]
    public async Task A_reader_that_has_gone_costs_lines_and_nothing_else()
    {
        _target.Stop();
        var writer = new AccessLogWriter(AccessLogTarget.To(_target), _log);
        var line = Encoding.ASCII.GetBytes(new string('x', 999) + "\n");
        writer.Write(line);
        await Eventually.TrueAsync(() => _target.IsHeld, "the thread waits for the reader");
        const int Lines = 20_000;
        for (var i = 1; i < Lines; i++)
        {
            writer.Write(line);
        }

        Assert.InRange(writer.LinesLost, Lines - 1 - (AccessLogWriter.MaxPendingBytes / line.Length), Lines);
        var lost = writer.LinesLost;
        _target.GoOn();
        writer.Close(TestClient.Patience);
        Assert.Equal(Lines - lost, _target.Lines.Length);
        Assert.InRange(_target.LongestWrite, 1, 4096); // whole lines that a pipe takes at once
    }

    // Lines that found no room were counted, but nobody was told until the server stopped.
    [Fact]
    public async Task A_reader_that_is_too_slow_is_told_at_once_and_when_it_is_over()
    {
        _target.Stop();
        var writer = new AccessLogWriter(AccessLogTarget.To(_target), _log);
        var line = Encoding.ASCII.GetBytes(new string('x', 999) + "\n");
        writer.Write(line);
        await Eventually.TrueAsync(() => _target.IsHeld, "the thread waits for the reader");
        Parallel.For(0, 20_000, _ => writer.Write(line));
        Assert.Equal(
            "The access log on standard output does not take its lines in time; its lines are lost until it can be written again.",
            Assert.Single(_log.Messages));
        var lost = writer.LinesLost;
        Assert.Equal(20_001 - lost, writer.LinesPending);
        _target.GoOn();
        await Eventually.TrueAsync(
            () =>
            {
                writer.Write("later\n"u8);
                return _log.Messages.Count > 1;
            },
            "it is told that it is over");
        Assert.Equal($"The access log on standard output is written again; {lost} lines were lost.", _log.Messages[1]);
        writer.Close(TestClient.Patience);
    }

    // Lines that still waited when the server stopped were lost, and in no count.
    [Fact]
    public async Task What_nobody_took_to_the_end_is_counted()
    {
        _target.Stop();
        var writer = new AccessLogWriter(AccessLogTarget.To(_target), _log);
        writer.Write("in hand\n"u8);
        await Eventually.TrueAsync(() => _target.IsHeld, "the thread waits for the reader");
        writer.Write("waits\n"u8);
        writer.Close(TimeSpan.FromMilliseconds(1));
        Assert.Equal((0, 2), (writer.LinesLost, writer.LinesPending));
        _target.GoOn();
        await Eventually.TrueAsync(() => writer.LinesPending == 0, "they are written");
    }

    // The warning said that lines are lost, while they went on into the file that was open.
    [Fact]
    public async Task A_file_that_cannot_be_opened_anew_goes_on()
    {
        var folder = Directory.CreateTempSubdirectory("ps-access-").FullName;
        var (here, away) = (Path.Combine(folder, "here"), Path.Combine(folder, "away"));
        Directory.CreateDirectory(here);
        Assert.Null(AccessLogTarget.TryOpen(Path.Combine(here, "log"), out var target));
        var writer = new AccessLogWriter(target!, _log);
        writer.Write("first\n"u8);
        Directory.Move(here, away);
        writer.Reopen();
        await Eventually.TrueAsync(() => _log.Messages.Count == 1, "it is told");
        Assert.StartsWith($"The access log {Path.Combine(here, "log")} could not be opened anew, and goes on in the file that was open: ", _log.Messages[0]);
        writer.Write("second\n"u8);
        writer.Close(TestClient.Patience);
        Assert.Equal(["first", "second"], await File.ReadAllLinesAsync(Path.Combine(away, "log")));
        Assert.Equal((0, 0), (writer.LinesLost, writer.LinesPending));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_full_disk_is_told_once_and_again_when_it_is_over()
    {
        const int NoSpace = 28;
        var writer = new AccessLogWriter(AccessLogTarget.To(_target), _log);
        (_target.Error, _target.TakenBeforeError) = (NoSpace, 3);
        for (var i = 0; i < 3; i++)
        {
            writer.Write("first\n"u8);
            var expected = i + 1;
            await Eventually.TrueAsync(() => writer.LinesLost == expected, "the line is lost");
        }

        _target.Error = 0;
        writer.Write("second\n"u8);
        await Eventually.TrueAsync(() => _log.Messages.Count == 2, "it is told");
        writer.Write("third\n"u8);
        writer.Close(TestClient.Patience);
        writer.Write("too late\n"u8);
        Assert.Equal(4, writer.LinesLost);
        Assert.Equal(["second", "third"], _target.Lines[^2..]); // behind the half line, on lines of their own
        Assert.StartsWith("The access log on standard output cannot be written: No space left on device", _log.Messages[0]);
        Assert.Equal("The access log on standard output is written again; 3 lines were lost.", _log.Messages[1]);
        Assert.All(_log.Entries, static entry => Assert.Equal(LogLevel.Warning, entry.Level));
    }

    [Fact]
    public async Task Nothing_is_lost_or_torn_among_threads()
    {
        const int Threads = 4, Each = 20_000;
        var writer = new AccessLogWriter(AccessLogTarget.To(_target), _log);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                writer.Write(Encoding.ASCII.GetBytes($"{thread} {i}\n"));
            }
        })));
        writer.Close(TestClient.Patience);
        Assert.Equal(0, writer.LinesLost);
        for (var thread = 0; thread < Threads; thread++)
        {
            Assert.Equal(Enumerable.Range(0, Each).Select(i => $"{thread} {i}"), _target.Lines.Where(line => line.StartsWith($"{thread} ")));
        }
    }

    private async Task<List<string>> LinesAsync(string form, string[] skipped, params string[] requests)
    {
        Assert.Null(AccessLogFormat.TryParse(form, out var format));
        var target = new HeldTarget();
        var writer = new AccessLogWriter(AccessLogTarget.To(target), _log);
        var lines = new AccessLogLines(writer, format!, [.. skipped.Select(static pattern => new PathPattern(pattern))], _time);
        var told = new ConcurrentQueue<int>();
        await using (var server = await TestServer.StartAsync(
            "memory",
            static server => server.MapFallback(static (_, response) => response.WriteText("hello"), Dispatch.Inline),
            options =>
            {
                options.TimeProvider = _time;
                options.OnCompleted += lines.Write;
                options.OnCompleted += (in completion) => told.Enqueue(completion.StatusCode);
            }))
        {
            await using var client = await server.ConnectAsync();
            foreach (var request in requests)
            {
                await client.RequestAsync(request, isHead: request.StartsWith("HEAD"));
            }

            await Eventually.TrueAsync(() => told.Count == requests.Length, "all are told");
        }

        writer.Close(TestClient.Patience);
        return [.. target.Lines];
    }
}
