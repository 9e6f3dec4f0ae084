using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;

namespace PipeServer.Tests.Cli;

/// <summary>
/// Consoles, pipes and files that nobody reads, or that take nothing: no request, no stop and no second signal waits for them, and they change
/// neither the exit code nor the report. A full pipe at --log-level debug stopped every worker, Ctrl+S any stop; /dev/full ended the start.
/// </summary>
public sealed class ConsoleTests : IDisposable
{
    private const int Requests = 5000;

    private readonly string _folder = Directory.CreateTempSubdirectory("ps-console-").FullName;

    private string Socket => Path.Combine(_folder, "socket");

    private string ReportPath => Path.Combine(_folder, "report.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("pipe", "epoll")]
    [InlineData("pipe", "sockets")]
    [InlineData("terminal", "epoll")]
    [InlineData("terminal", "sockets")]
    public async Task A_console_that_nobody_reads_holds_up_neither_requests_nor_the_stop(string console, string transport)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "FIFOs and pseudo terminals of Linux are needed.");
        using var terminal = new Terminal();
        terminal.StopOutput();
        var outputs = console == "pipe" ? "1<>fifo 2>&1" : $"1<>{terminal.Path} 2>&1";
        await using var cli = StartServer($"mkfifo fifo; exec {outputs}", "--workers", "2", "--log-level", "debug", "--transport", transport);
        await FillConsoleAsync();

        var started = Stopwatch.GetTimestamp();
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        using var report = await ReadReportAsync();
        Assert.Equal("drained", report.RootElement.GetProperty("outcome").GetString());
        Assert.Equal(Requests, report.RootElement.GetProperty("requests").GetProperty("completed").GetInt32());
        Assert.InRange(report.RootElement.GetProperty("logLinesLost").GetInt64(), 1000, long.MaxValue);
    }

    [Theory]
    [InlineData("pipe")]
    [InlineData("terminal")]
    public async Task A_second_signal_waits_for_no_console(string console)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "FIFOs and pseudo terminals of Linux are needed.");
        using var terminal = new Terminal();
        terminal.StopOutput();
        var outputs = console == "pipe" ? "1<>fifo 2>&1" : $"1<>{terminal.Path} 2>&1";
        await using var cli = StartServer($"mkfifo fifo; exec {outputs}", "--workers", "2", "--log-level", "debug");
        await FillConsoleAsync();
        await using var client = await TestClient.ConnectAsync(new UnixDomainSocketEndPoint(Socket));
        await client.SendAsync(TestClient.Get("/sleep?ms=60000"));
        cli.Signal(CliProcess.SigTerm);
        await Eventually.TrueAsync(() => !File.Exists(Socket), "the first signal arrives, and the listener closes");
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(2, await cli.EndAsync());
        using var report = await ReadReportAsync();
        Assert.Equal("forced", report.RootElement.GetProperty("outcome").GetString());
    }

    // Each of these ended the start, or the stop, by an exception of the console, and the report was lost with it.
    [Theory]
    [InlineData("exec >/dev/full", true)]
    [InlineData("exec 2>/dev/full", false)]
    [InlineData("exec >/dev/full 2>&1", true)]
    [InlineData("exec > >(exec true) 2>&1; wait $!", true)] // a pipe that has lost its reader
    [InlineData("exec >/dev/null 2>&1", false)]
    public async Task A_console_that_takes_nothing_changes_nothing(string redirections, bool areLinesLost)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full is needed.");
        await using var cli = StartServer(redirections, "--log-level", "debug");
        await using (var client = await ConnectAsync())
        {
            Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/worker/plaintext"))).Status);
        }

        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Empty(cli.Errors);
        using var report = await ReadReportAsync();
        Assert.Equal("drained", report.RootElement.GetProperty("outcome").GetString());
        Assert.Equal(areLinesLost, report.RootElement.GetProperty("logLinesLost").GetInt64() > 0);
    }

    // The system ended the process by SIGXFSZ, at the first line that the file had no room for.
    [Fact]
    public async Task A_log_file_that_may_not_grow_ends_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "ulimit -f is needed.");
        await using var cli = StartServer("export DOTNET_EnableWriteXorExecute=0; exec >log.txt 2>&1; ulimit -f 8", "--log-level", "debug");
        await FillConsoleAsync();
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        using var report = await ReadReportAsync();
        Assert.Equal(Requests, report.RootElement.GetProperty("requests").GetProperty("completed").GetInt32());
        Assert.InRange(report.RootElement.GetProperty("logLinesLost").GetInt64(), 1000, long.MaxValue);
    }

    // The system stopped the process by SIGTTOU, at its first line, and it neither served nor ended any more.
    [Fact]
    public async Task A_terminal_with_another_job_in_front_stops_nothing()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A pseudo terminal of Linux is needed.");
        using var terminal = new Terminal();
        var server = $"{CliProcess.PipeServerCommand} serve '{Repository.Path("wwwroot")}' --address 'unix:{Socket}' --exit-after 1 --report report.json";
        await File.WriteAllTextAsync(Path.Combine(_folder, "run"), $"exec 0<>{terminal.Path} 1>&0 2>&0\nstty tostop\nset -m\n{server} &\nwait $!");
        await using var cli = CliProcess.StartShell($"cd '{_folder}'; exec setsid -w bash run");
        await using (var client = await ConnectAsync())
        {
            Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/"))).Status);
        }

        Assert.Equal(0, await cli.EndAsync());
        using var report = await ReadReportAsync();
        Assert.Equal(0, report.RootElement.GetProperty("logLinesLost").GetInt64());
    }

    [Fact]
    public async Task A_terminal_that_is_closed_before_the_stop_costs_no_report()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A pseudo terminal of Linux is needed.");
        using var terminal = new Terminal();
        await using var cli = StartServer($"exec <{terminal.Path} >{terminal.Path} 2>&1");
        await (await ConnectAsync()).DisposeAsync();
        terminal.Dispose();
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        using var report = await ReadReportAsync();
        Assert.Equal("drained", report.RootElement.GetProperty("outcome").GetString());
        Assert.InRange(report.RootElement.GetProperty("logLinesLost").GetInt64(), 1, 100);
    }

    // The start waited for the FIFO's reader, and then told it by closing that the report was over.
    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 2)]
    public async Task A_report_that_is_a_fifo_without_a_reader_is_given_up(int signals, int exitCode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A FIFO is needed.");
        await using var cli = StartServer("mkfifo report.json");
        await using var client = await ConnectAsync();
        await client.SendAsync(TestClient.Get(signals == 1 ? "/plaintext" : "/sleep?ms=60000"));
        cli.Signal(CliProcess.SigTerm);
        if (signals == 2)
        {
            await Eventually.TrueAsync(() => cli.Output.Contains("Shutting down."), "the first signal arrives");
            cli.Signal(CliProcess.SigTerm);
        }

        Assert.Equal(exitCode, await cli.EndAsync());
        Assert.StartsWith($"pipeserver: the report could not be written: report.json did not take it within ", Assert.Single(cli.Errors));
    }

    [Fact]
    public async Task A_report_that_is_a_fifo_reaches_its_reader()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A FIFO is needed.");
        await using var cli = StartServer("mkfifo report.json; (exec cat report.json >copy.json) & ");
        await (await ConnectAsync()).DisposeAsync();
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        await Eventually.TrueAsync(() => File.ReadAllText(Path.Combine(_folder, "copy.json")).EndsWith('\n'), "the reader has it");
        using var report = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "copy.json")));
        Assert.Equal(0, report.RootElement.GetProperty("logLinesLost").GetInt64());
        Assert.Empty(cli.Errors);
    }

    [Fact]
    public async Task A_report_on_a_full_disk_is_told_and_changes_nothing_else()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/full is needed.");
        await using var cli = StartServer("ln -s /dev/full report.json");
        await (await ConnectAsync()).DisposeAsync();
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.StartsWith("pipeserver: the report could not be written: ", Assert.Single(cli.Errors));
    }

    // It emptied the file behind standard output, with all lines in it; and a socket could not be opened.
    [Theory]
    [InlineData("exec >>all.txt", "/dev/stdout")]
    [InlineData("exec 2>>all.txt", "/dev/stderr")]
    [InlineData("exec > >(exec cat >>all.txt)", "/proc/self/fd/1")]
    public async Task A_report_to_a_standard_stream_stands_behind_what_is_there(string redirection, string report)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/dev/stdout is needed.");
        var all = Path.Combine(_folder, "all.txt");
        await File.WriteAllTextAsync(all, "what was there\n");
        await using var cli = StartServer(redirection, "--report", report);
        await (await ConnectAsync()).DisposeAsync();
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        await Eventually.TrueAsync(() => File.ReadAllText(all).EndsWith("}}\n"), "the report is written");
        var lines = await File.ReadAllLinesAsync(all);
        Assert.Equal("what was there", lines[0]);
        Assert.Equal(report != "/dev/stderr", lines.Any(static line => line.StartsWith("Stopped (drained)")));
        using var parsed = JsonDocument.Parse(lines[^1]);
        Assert.Equal("drained", parsed.RootElement.GetProperty("outcome").GetString());
    }

    [Theory]
    [InlineData("serve --help >/dev/full", 1, "pipeserver: standard output: No space left on device.")]
    [InlineData("check . >/dev/full", 1, "pipeserver: standard output: No space left on device.")]
    [InlineData("--version >/dev/full", 1, "pipeserver: standard output: No space left on device.")]
    [InlineData("serve --help | true; exit ${PIPESTATUS[0]}", 0, null)]
    [InlineData("check . | true; exit ${PIPESTATUS[0]}", 0, null)]
    [InlineData("check --port x 2>/dev/full", 1, null)]
    [InlineData("serve $'no\\nsuch\\e[2J folder'", 1, "no\\nsuch\\u001b[2J folder' does not exist.")]
    public async Task A_plain_command_ends_in_good_order(string command, int exitCode, string? error)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A shell and /dev/full are needed.");
        await using var cli = CliProcess.StartShell($"cd '{_folder}'; {CliProcess.PipeServerCommand} {command}");
        Assert.Equal(exitCode, await cli.EndAsync());
        if (error is null)
        {
            Assert.Empty(cli.Errors);
        }
        else
        {
            Assert.Contains(error, Assert.Single(cli.Errors));
        }
    }

    // It printed where it listens, what it serves, that it stops, and how it has stopped.
    [Fact]
    public async Task Quiet_is_quiet_but_for_what_ends_the_program()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Signals are needed.");
        await using (var cli = StartServer("", "--quiet"))
        {
            await using (var client = await ConnectAsync())
            {
                Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/worker/plaintext"))).Status);
            }

            await using (var second = StartServer("", "-q"))
            {
                Assert.Equal(1, await second.EndAsync());
                Assert.Empty(second.Output);
                Assert.Contains("it is in use", Assert.Single(second.Errors));
            }

            cli.Signal(CliProcess.SigTerm);
            Assert.Equal(0, await cli.EndAsync());
            Assert.Empty(cli.Output);
            Assert.Empty(cli.Errors);
            using var report = await ReadReportAsync();
            Assert.Equal(0, report.RootElement.GetProperty("logLinesLost").GetInt64());
        }

        // A request that is cut off is a warning.
        await using var cut = StartServer("", "--quiet", "--grace", "0.1");
        await using var slow = await ConnectAsync();
        await slow.SendAsync(TestClient.Get("/sleep?ms=60000"));
        cut.Signal(CliProcess.SigTerm);
        Assert.Equal(3, await cut.EndAsync());
        Assert.Contains("warning: Cut off (the grace period has passed): GET /sleep", string.Join('\n', cut.Output));
        Assert.All(cut.Output, static line => Assert.Matches("^[^ ]+Z (warning|error): ", line));
    }

    private CliProcess StartServer(string setUp, params string[] options)
    {
        var command = $"exec {CliProcess.PipeServerCommand} serve '{Repository.Path("wwwroot")}' --demo --address 'unix:{Socket}'"
            + (options.Contains("--report") ? "" : " --report report.json");
        return CliProcess.StartShell($"cd '{_folder}'; {setUp}\n{command} {string.Join(' ', options)}");
    }

    private Task<TestClient> ConnectAsync() => TestClient.ConnectWhenListeningAsync(new UnixDomainSocketEndPoint(Socket));

    // More lines than a pipe or a terminal holds, by far: one for each request that goes to a worker by itself.
    private async Task FillConsoleAsync()
    {
        await using var client = await ConnectAsync();
        for (var i = 0; i < Requests; i++)
        {
            Assert.Equal("Hello, World!", (await client.RequestAsync(TestClient.Get("/worker/plaintext"))).Text);
        }
    }

    private async Task<JsonDocument> ReadReportAsync() => JsonDocument.Parse(await File.ReadAllTextAsync(ReportPath));
}
