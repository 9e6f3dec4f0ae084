using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace PipeServer.DocsTests;

/// <summary>
/// A shell as a reader of the pages has it, in a folder of its own: the program is on the path, places like /srv/www lie below the folder, and each port that
/// a page names is another, free one. Nothing of it is left: neither files nor processes, those of an upgrade too.
/// </summary>
internal sealed partial class CommandSession : IAsyncDisposable
{
    private const string DefaultPort = "7878";
    private const string Mark = "DOCS_TESTS_SESSION";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly string _program = ProgramUnderTest.PipeServer.StartablePath; // before there is a folder to take away
    private readonly string _folder = Directory.CreateTempSubdirectory("ps-docs-").FullName;
    private readonly string _id = Guid.NewGuid().ToString("N");
    private readonly Dictionary<string, string> _ports = [];
    private readonly HashSet<int> _told = [];
    private readonly List<CliProcess> _started = [];

    public CommandSession()
    {
        ServedFolder.Write(_folder);
        var programs = Directory.CreateDirectory(Path.Combine(_folder, "programs")).FullName;
        File.CreateSymbolicLink(Path.Combine(programs, "pipeserver"), _program);
        if (!OperatingSystem.IsWindows() && PathOf("curl") is { } curl)
        {
            // An error of HTTP is an error of the page, and no progress is shown on a terminal that is none.
            var wrapper = Path.Combine(programs, "curl");
            File.WriteAllText(wrapper, $"#!/bin/sh\nexec '{curl}' -sS --max-time 20 --fail-with-body \"$@\"\n");
            File.SetUnixFileMode(wrapper, (UnixFileMode)0b111_101_101);
        }
    }

    /// <summary>The file of a program, or null if it is not installed.</summary>
    public static string? PathOf(string program) => $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin".Split(':')
        .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    public string PathTo(string name) => Path.Combine(_folder, name);

    public Uri Address(int port) => new($"http://127.0.0.1:{Port(port.ToString(CultureInfo.InvariantCulture))}");

    /// <summary>Starts a server and waits until it listens.</summary>
    public async Task<CliProcess> ServeAsync(string command)
    {
        var words = command.Split(" #")[0].TrimEnd();
        var hasPort = new[] { "--port ", "--listen ", "PIPESERVER_PORT=" }.Any(words.Contains);
        var server = Start("exec env " + (hasPort ? words : $"{words} --port {DefaultPort}"));
        await server.ListeningAsync();
        return server;
    }

    /// <summary>Starts an example of the repository on its port.</summary>
    public async Task<CliProcess> ServeExampleAsync(string example, int port)
    {
        var server = Start($"exec dotnet exec '{Repository.Assembly($"tests/Examples/{example}", example)}' {Address(port).Port}");
        await server.ListeningAsync();
        return server;
    }

    /// <summary>Runs commands; what they wrote, with the ports of the page in it.</summary>
    public async Task<string> RunAsync(string script)
    {
        var shell = Start("set -e\n" + script);
        var code = await shell.EndAsync();
        Assert.True(code == 0, $"Exit code {code}: {script}\n{string.Join('\n', [.. shell.Output, .. shell.Errors])}");
        var output = string.Join('\n', shell.Output) + "\n";
        return _ports.Aggregate(output, static (text, port) => text.Replace($":{port.Value}", $":{port.Key}")).Replace(_folder, "");
    }

    /// <summary>Asks another server, once it listens on the port that the page names, and ends it.</summary>
    public async Task<T> WhileRunningAsync<T>(string command, int port, Func<Uri, Task<T>> ask)
    {
        var server = Start(command);
        var place = new IPEndPoint(IPAddress.Loopback, Address(port).Port);
        var began = Stopwatch.GetTimestamp();
        while (!await IsListeningAsync(place))
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Patience, $"It does not listen: {string.Join('\n', [.. server.Output, .. server.Errors])}");
            await Task.Delay(20);
        }

        var answers = await ask(Address(port));
        server.Signal(CliProcess.SigTerm);
        await server.EndAsync();
        return answers;
    }

    /// <summary>Ends a server as systemd would, and the one that has taken its place in an upgrade: nothing is cut off.</summary>
    public async Task StopAsync(CliProcess server)
    {
        TellToEnd();
        Assert.Equal(0, await server.EndAsync());
    }

    public async ValueTask DisposeAsync()
    {
        var began = Stopwatch.GetTimestamp();
        while (TellToEnd())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < 2 * Patience, "Processes of the session do not end.");
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                Own().ForEach(static process => process.Kill());
            }

            await Task.Delay(20);
        }

        foreach (var process in _started)
        {
            await process.DisposeAsync(); // it waits for the end of its output, which a successor has too: all must have ended
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<bool> IsListeningAsync(IPEndPoint place)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(place);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // True while there are any. The first signal drains, a second would cut the drain short: one is enough.
    private bool TellToEnd()
    {
        var own = Own();
        foreach (var process in own.Where(process => _told.Add(process.Id)))
        {
            try
            {
                CliProcess.Signal(process.Id, CliProcess.SigTerm);
            }
            catch (Xunit.Sdk.XunitException)
            {
                // It has ended in between.
            }
        }

        own.ForEach(static process => process.Dispose());
        return own.Count > 0;
    }

    private CliProcess Start(string script)
    {
        var process = CliProcess.StartShell(
            $"""
            cd '{_folder}'
            export {Mark}={_id} PATH="{_folder}/programs:$PATH" XDG_STATE_HOME='{_folder}/state'
            {Translate(script)}
            """);
        _started.Add(process);
        return process;
    }

    /// <summary>The commands or the configuration with the places and ports of this session.</summary>
    public string Translate(string script)
    {
        var places = ServedFolder.Places.Aggregate(script, (text, place) => text.Replace(place, _folder + place));
        return PortOfAPlace().Replace(places, match => match.Groups[1].Value + Port(match.Groups[2].Value))
            .Replace("--redirect-http --", $"--redirect-http {Port("80")} --", StringComparison.Ordinal);
    }

    // Below those that the system gives to others, so that a port that is free now is still free when the server asks for it.
    private string Port(string named)
    {
        lock (_ports)
        {
            while (!_ports.ContainsKey(named))
            {
                var port = Random.Shared.Next(12_000, 32_000);
                using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    socket.Bind(new IPEndPoint(IPAddress.Any, port));
                }
                catch (SocketException)
                {
                    continue;
                }

                if (!_ports.ContainsValue($"{port}"))
                {
                    _ports.Add(named, $"{port}");
                }
            }

            return _ports[named];
        }
    }

    // All that the shell and its children have started, also where their parents have ended.
    private List<Process> Own()
    {
        var own = new List<Process>();
        foreach (var process in Process.GetProcesses())
        {
            if (IsOwn(process.Id))
            {
                own.Add(process);
            }
            else
            {
                process.Dispose();
            }
        }

        return own;
    }

    private bool IsOwn(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/environ").Contains($"{Mark}={_id}\0", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // it has ended, or is somebody else's
        }
    }

    // Where the pages name ports: options, addresses, and what bash calls a file.
    [GeneratedRegex(@"(--port |--admin |--redirect-http |PIPESERVER_PORT=|/dev/tcp/127\.0\.0\.1/|(?:127\.0\.0\.1|0\.0\.0\.0|localhost|\]):)(\d+)")]
    private static partial Regex PortOfAPlace();
}
