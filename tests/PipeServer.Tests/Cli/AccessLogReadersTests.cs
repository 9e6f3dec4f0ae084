using System.Diagnostics;
using System.Text.Json;

namespace PipeServer.Tests.Cli;

/// <summary>
/// The access log of a server process, and the programs that read and move it: goaccess, fail2ban and logrotate of Debian, where they are installed.
/// </summary>
public sealed class AccessLogReadersTests : IDisposable
{
    private const string Filters = "/etc/fail2ban/filter.d";
    private const string Password = "bob:$6$rounds=1000$salt$abc";

    private readonly string _folder = Directory.CreateTempSubdirectory("ps-access-").FullName;

    private string LogPath => Path.Combine(_folder, "access.log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("common", "COMMON")]
    [InlineData("combined", "COMBINED")]
    public async Task Goaccess_reads_each_line(string form, string name)
    {
        await SkipWithoutAsync("goaccess", "--version");
        await ServeAsync(form, async client =>
        {
            for (var i = 0; i < 20; i++)
            {
                await client.RequestAsync(TestClient.Get($"/index.html?{i}", "User-Agent: Mozilla/5.0 \"quoted\"", "Referer: http://example.com/a b"));
            }

            await client.RequestAsync(TestClient.Get("/nothing"));
        });
        var report = Path.Combine(_folder, "report.json");
        var (code, output) = await RunAsync("goaccess", LogPath, $"--log-format={name}", "--no-global-config", "-o", report);
        Assert.True(code == 0, output);
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(report));
        var general = json.RootElement.GetProperty("general");
        Assert.Equal(21, general.GetProperty("valid_requests").GetInt32());
        Assert.Equal(0, general.GetProperty("failed_requests").GetInt32());
        Assert.Equal(1, general.GetProperty("unique_not_found").GetInt32());
    }

    [Theory]
    [InlineData("common")]
    [InlineData("combined")]
    public async Task Fail2ban_finds_bad_requests_and_no_others(string form)
    {
        Assert.SkipUnless(File.Exists($"{Filters}/nginx-bad-request.conf"), "fail2ban is not installed.");
        await ServeAsync(form, async client =>
        {
            // Neither a user's name nor a target can make a line that looks like another one's.
            await client.RequestAsync(TestClient.Get("/x%22%20400%200", "Authorization: Basic " + Base64("eve [] \"x\" 400:p")));
            await client.RequestAsync(TestClient.Get("/index.html"));
            await client.RequestAsync("\x16\x03\x01\x02\"garbage\r\n\r\n");
        });
        Assert.Equal(1, await MatchesAsync($"{Filters}/nginx-bad-request.conf"));
    }

    [Fact]
    public async Task Fail2ban_finds_wrong_passwords_by_the_filter_that_is_shipped()
    {
        Assert.SkipUnless(File.Exists($"{Filters}/nginx-bad-request.conf"), "fail2ban is not installed.");
        await File.WriteAllTextAsync(Path.Combine(_folder, "users"), Password + new string('d', 83) + "\n");
        await ServeAsync(
            "combined",
            async client =>
            {
                Assert.Equal(401, (await client.RequestAsync(TestClient.Get("/"))).Status); // a browser asks once without
                Assert.Equal(401, (await client.RequestAsync(TestClient.Get("/", "Authorization: Basic " + Base64("bob:wrong")))).Status);
                Assert.Equal(401, (await client.RequestAsync(TestClient.Get("/", "Authorization: Basic " + Base64("a b \"c:wrong")))).Status);
            },
            "--auth-file", Path.Combine(_folder, "users"));
        Assert.Equal(2, await MatchesAsync(Repository.Path("src", "PipeServer.Cli", "deploy", "fail2ban", "pipeserver-auth.conf")));
    }

    [Theory]
    [InlineData("create\n  postrotate\n    kill -HUP {0}\n  endscript")]
    [InlineData("copytruncate")]
    public async Task Logrotate_loses_no_line_and_leaves_no_hole(string how)
    {
        await SkipWithoutAsync("logrotate", "--version");
        await ServeAsync("common", async (client, id) =>
        {
            await RequestAsync(client, 0, 50);
            await Eventually.TrueAsync(() => File.Exists(LogPath) && File.ReadAllLines(LogPath).Length == 50, "the first lines are written");
            var configuration = Path.Combine(_folder, "logrotate.conf");
            await File.WriteAllTextAsync(
                configuration, $"{LogPath} {{\n  size 1\n  rotate 3\n  {string.Format(System.Globalization.CultureInfo.InvariantCulture, how, id)}\n}}\n");
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(configuration, UnixFileMode.UserRead | UnixFileMode.UserWrite); // logrotate asks for that
            }

            var (code, output) = await RunAsync("logrotate", "--force", "--state", Path.Combine(_folder, "state"), configuration);
            Assert.True(code == 0, output);
            await RequestAsync(client, 50, 50);
            await Eventually.TrueAsync(() => Lines(LogPath).Length + Lines(LogPath + ".1").Length >= 100, "all lines are written");
            if (how != "copytruncate")
            {
                // The signal has been handled: what comes now goes to the new file.
                await Eventually.TrueAsync(async () =>
                {
                    await RequestAsync(client, 100, 1);
                    return Lines(LogPath).Length > 0;
                }, "the new file is written");
            }
        });
        var all = Lines(LogPath + ".1").Concat(Lines(LogPath)).Select(static line => int.Parse(line.Split("GET /?")[1].Split(' ')[0], null)).ToList();
        Assert.Equal(Enumerable.Range(0, 100), all.Take(100));
        Assert.DoesNotContain('\0', await File.ReadAllTextAsync(LogPath));
    }

    [Fact]
    public async Task A_disk_that_is_full_touches_no_answer()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full is needed.");
        File.CreateSymbolicLink(LogPath, "/dev/full");
        await using var cli = Start("common", "--report", Path.Combine(_folder, "report.json"));
        await using (var client = await ConnectAsync())
        {
            await RequestAsync(client, 0, 20);
        }

        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "report.json")));
        Assert.Equal(20, report.RootElement.GetProperty("accessLinesLost").GetInt32());
        Assert.Equal(20, report.RootElement.GetProperty("requests").GetProperty("completed").GetInt32());
        Assert.Single(cli.Output, static line => line.Contains("warning: The access log") && line.Contains("No space left on device"));
        Assert.EndsWith("; access log lines lost: 20.", cli.Output[^1]);
    }

    [Theory]
    [InlineData("/nowhere/access.log")]
    [InlineData("/tmp")]
    public async Task A_log_that_cannot_be_opened_is_told_at_the_start(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Paths of Unix.");
        foreach (var command in new[] { "serve", "check" })
        {
            await using var cli = CliProcess.Start(CliProcess.PipeServer, command, _folder, "--port", "0", "--access-log", path);
            Assert.Equal(1, await cli.EndAsync());
            Assert.StartsWith($"pipeserver: --access-log {path}: ", Assert.Single(cli.Errors));
        }
    }

    [Fact]
    public async Task Standard_output_takes_it_too()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent.");
        await using var cli = await CliProcess.ServeAsync("--demo", "--access-log", "-", "--access-log-format", "common");
        await using (var client = await TestClient.ConnectAsync(cli.EndPoint))
        {
            await client.RequestAsync(TestClient.Get("/plaintext"));
        }

        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Single(cli.Output, static line => line.StartsWith("127.0.0.1 - - [") && line.EndsWith("\"GET /plaintext HTTP/1.1\" 200 13"));
    }

    // The look before the start opened it for writing anywhere in it, which such a file does not allow.
    [Fact]
    public async Task A_file_that_can_only_be_appended_to_will_do()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "An attribute of Linux.");
        await SkipWithoutAsync("chattr", "-V");
        await File.WriteAllTextAsync(LogPath, "");
        Assert.SkipUnless((await RunAsync("chattr", "+a", LogPath)).Code == 0, "It takes root, and a file system that has it.");
        try
        {
            await using var cli = Start("common");
            await using (var client = await ConnectAsync())
            {
                await RequestAsync(client, 0, 1);
            }

            cli.Signal(CliProcess.SigTerm);
            Assert.Equal(0, await cli.EndAsync());
            Assert.Single(Lines(LogPath));
        }
        finally
        {
            await RunAsync("chattr", "-a", LogPath);
        }
    }

    // Those of the last second were told behind the summary, which is promised to be the last line.
    [Fact]
    public async Task Refusals_of_the_last_second_are_told_before_the_summary()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent.");
        await File.WriteAllTextAsync(Path.Combine(_folder, "users"), Password + new string('d', 83) + "\n");
        await using var cli = Start("common", "--auth-file", Path.Combine(_folder, "users"));
        await using (var client = await ConnectAsync())
        {
            await client.RequestAsync(TestClient.Get("/"));
            await client.RequestAsync(TestClient.Get("/"));
        }

        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.StartsWith("Stopped (drained)", cli.Output[^1]);
        Assert.Single(cli.Output, static line => line.EndsWith("more within a second: 401 (1)."));
    }

    // Opened by its name, a file had a second position: what the program says and the log's lines were written over each other.
    [Theory]
    [InlineData("/dev/stdout", ">")]
    [InlineData("/dev/stderr", "2>")]
    public async Task A_standard_stream_by_its_name_is_the_stream_itself(string path, string redirection)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Names of Linux.");
        await using var cli = CliProcess.StartShell(
            $"exec {CliProcess.PipeServerCommand} serve {_folder} --address unix:{_folder}/socket --demo --access-log {path} {redirection}{LogPath}");
        await using (var client = await ConnectAsync())
        {
            await client.RequestAsync(TestClient.Get("/plaintext"));
        }

        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        var lines = Lines(LogPath);
        Assert.Single(lines, static line => line.StartsWith("- - - [") && line.EndsWith("\"GET /plaintext HTTP/1.1\" 200 13 \"-\" \"-\""));
        Assert.Equal(redirection == ">" ? 1 : 0, lines.Count(static line => line.StartsWith("Stopped (drained)")));
    }

    private static string Base64(string text) => Convert.ToBase64String(System.Text.Encoding.Latin1.GetBytes(text));

    private static string[] Lines(string path) => File.Exists(path) ? File.ReadAllLines(path) : [];

    private static async Task RequestAsync(TestClient client, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            Assert.Equal(200, (await client.RequestAsync(TestClient.Get($"/?{i}"))).Status);
        }
    }

    private static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TestClient.Patience);
        return (process.ExitCode, await output + await errors);
    }

    private static async Task SkipWithoutAsync(string program, string argument)
    {
        try
        {
            await RunAsync(program, argument);
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip($"{program} is not installed.");
        }
    }

    private async Task<int> MatchesAsync(string filter)
    {
        var (_, output) = await RunAsync("fail2ban-regex", LogPath, filter);
        var line = output.Split('\n').Single(static line => line.StartsWith("Lines:"));
        return int.Parse(line.Split(", ").Single(static part => part.Contains(" matched")).Split(' ')[0], null);
    }

    private CliProcess Start(string form, params string[] options) => CliProcess.Start(
        CliProcess.PipeServer,
        [
            "serve", Repository.Path("wwwroot"), "--address", $"unix:{_folder}/socket", "--listen", "127.0.0.1:0", "--access-log", LogPath,
            "--access-log-format", form, .. options,
        ]);

    private Task<TestClient> ConnectAsync() => TestClient.ConnectWhenListeningAsync(new System.Net.Sockets.UnixDomainSocketEndPoint($"{_folder}/socket"));

    private Task ServeAsync(string form, Func<TestClient, Task> act, params string[] options) => ServeAsync(form, (client, _) => act(client), options);

    private async Task ServeAsync(string form, Func<TestClient, int, Task> act, params string[] options)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Signals are sent.");
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer,
            [
                "serve", Repository.Path("wwwroot"), "--port", "0", "--access-log", LogPath, "--access-log-format", form, .. options,
            ]);
        await cli.ListeningAsync();
        await using (var client = await TestClient.ConnectAsync(cli.EndPoint))
        {
            await act(client, cli.Id);
        }

        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
    }
}
