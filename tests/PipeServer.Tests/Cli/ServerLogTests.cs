using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using PipeServer.Cli;
using PipeServer.Diagnostics;

namespace PipeServer.Tests.Cli;

/// <summary>The forms of the server's log: <c>--log-format text|json|systemd</c>.</summary>
public sealed class ServerLogTests
{
    private const string Time = "2026-11-21T12:00:00.000Z";

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Text_has_the_time_in_utc_in_front_and_the_level_from_warning_on()
    {
        var format = new TimedLineFormat(_time);
        Assert.Equal($"{Time} hello", format.Format(new LogEvent(LogLevel.Information, "a", "hello")));
        Assert.Equal($"{Time} warning: hello", format.Format(new LogEvent(LogLevel.Warning, "a", "hello")));
    }

    [Theory]
    [InlineData(LogLevel.Trace, 7)]
    [InlineData(LogLevel.Debug, 7)]
    [InlineData(LogLevel.Information, 6)]
    [InlineData(LogLevel.Warning, 4)]
    [InlineData(LogLevel.Error, 3)]
    [InlineData(LogLevel.Critical, 2)]
    public void Journald_gets_the_priority_by_a_number_in_front(LogLevel level, int priority) => Assert.Equal(
        $"<{priority}>hello System.InvalidOperationException: boom",
        new JournalLineFormat().Format(new LogEvent(level, default, "a", "hello", Values: null, new InvalidOperationException("boom"))));

    [Fact]
    public void Json_has_the_values_by_their_names()
    {
        var lines = new List<string>();
        var logger = new LineLogger("Somebody", new LineLoggerFactory(LogLevel.Debug, lines.Add, new JsonLineFormat(_time)));
        Log.WorkerStuck(logger, 3, "GET /\"quoted\" ü", 1.5);
        var boom = new InvalidOperationException("boom");
        logger.Log(LogLevel.Critical, 0, "nothing but a text", boom, static (state, _) => state);
        Assert.Equal(
            $$"""{"time":"{{Time}}","level":"error","category":"Somebody","event":"WorkerStuck","message":"Worker 3 did not end before the deadline: """
            + """it has been running GET /\"quoted\" ü for 1.5 s.","values":{"worker":3,"job":"GET /\"quoted\" ü","seconds":1.5}}""",
            lines[0]);
        Assert.Equal(
            $$"""{"time":"{{Time}}","level":"critical","category":"Somebody","message":"nothing but a text","exception":"System.InvalidOperationException: boom"}""",
            lines[1]);
    }

    // What is longer than a line may be is cut off by the writer, and what it cuts would be no JSON any more.
    [Theory]
    [InlineData('a')]
    [InlineData('\u0001')]
    [InlineData('"')]
    [InlineData('\u202e')]
    [InlineData('\ud800')] // half of a pair
    public void A_long_text_is_json_all_the_same(char character)
    {
        var text = new string(character, 100_000);
        var line = new JsonLineFormat(_time).Format(
            new LogEvent(LogLevel.Error, new EventId(1, "name"), "a", text, [new("A", text), new("B", text)], new InvalidOperationException(text)));
        var bytes = new byte[EscapedLine.MaxBytes(line.Length)];
        var written = bytes.AsMemory(0, EscapedLine.Encode(line, bytes));
        using var json = JsonDocument.Parse(written);
        Assert.InRange(json.RootElement.GetProperty("message").GetString()!.Length, 100, EscapedLine.MaxCharacters);
        Assert.Equal(1, written.Span.Count((byte)'\n'));
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    [InlineData("systemd")]
    public async Task Each_line_of_a_server_has_its_form(string form)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent.");
        var before = DateTimeOffset.UtcNow.AddSeconds(-1);
        var folder = Directory.CreateTempSubdirectory("ps-log-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "users"), "bob:$6$rounds=1000$salt$" + new string('a', 86) + "\n");
            var socket = Path.Combine(folder, "socket");
            await using var cli = CliProcess.StartShell(
                $"exec {CliProcess.PipeServerCommand} serve '{Repository.Path("wwwroot")}' --address 'unix:{socket}' "
                + $"--auth-file '{folder}/users' --log-format {form} --log-level debug");
            await using (var client = await TestClient.ConnectWhenListeningAsync(new System.Net.Sockets.UnixDomainSocketEndPoint(socket)))
            {
                Assert.Equal(401, (await client.RequestAsync(TestClient.Get("/"))).Status);
                Assert.Equal(400, (await client.RequestAsync("GET / HTTP/1.1\r\n\r\n")).Status);
            }

            cli.Signal(CliProcess.SigTerm);
            Assert.Equal(0, await cli.EndAsync());
            string[] texts =
            [
                $"Listening on unix:{socket}", "Refused a client of a unix socket: 401, no user and no password came",
                "Refused a client of a unix socket: 400, an HTTP/1.1 request needs a Host header", "Worker 0 got a job; executing.", "Shutting down.",
            ];
            Assert.All(texts, text => Assert.True(cli.Output.Any(line => IsForm(form, line, text, before)), $"'{text}' is not in:\n{string.Join('\n', cli.Output)}"));
            if (form == "json")
            {
                Assert.All(cli.Output, static line => JsonDocument.Parse(line).Dispose());
            }
            else if (form == "systemd")
            {
                Assert.All(cli.Output, static line => Assert.Matches("^<[2-7]>", line));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool IsForm(string form, string line, string text, DateTimeOffset before)
    {
        var isRefusal = text.StartsWith("Refused", StringComparison.Ordinal);
        switch (form)
        {
            case "json":
                using (var json = JsonDocument.Parse(line))
                {
                    return json.RootElement.GetProperty("message").GetString() == text
                        && json.RootElement.GetProperty("time").GetDateTimeOffset() >= before
                        && (json.RootElement.GetProperty("level").GetString() == "warning") == isRefusal;
                }

            case "systemd":
                return line.EndsWith('>' + text, StringComparison.Ordinal) && line.StartsWith("<4>", StringComparison.Ordinal) == isRefusal;
            default:
                return line == text // what the program itself says
                    || (line.EndsWith(isRefusal ? " warning: " + text : " " + text, StringComparison.Ordinal)
                        && DateTimeOffset.ParseExact(line[..Time.Length], "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) >= before);
        }
    }
}
