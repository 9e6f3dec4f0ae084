using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;

namespace PipeServer.Tests.Support;

/// <summary>A .NET program of this repository as a process of its own, killed at the latest when it is disposed.</summary>
internal sealed partial class CliProcess : IAsyncDisposable
{
    public const int SigHup = 1;
    public const int SigInt = 2;
    public const int SigTerm = 15;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = [];
    private readonly ConcurrentQueue<string> _errors = [];

    private CliProcess(Process process) => _process = process;

    public IReadOnlyList<string> Output => [.. _output];

    public IReadOnlyList<string> Errors => [.. _errors];

    public int Id => _process.Id;

    public StreamWriter Input => _process.StandardInput;

    public IPEndPoint EndPoint { get; private set; } = new(IPAddress.Loopback, 0);

    /// <summary>The program, for <see cref="Start(string, string[])"/>.</summary>
    public static string PipeServer => ProgramUnderTest.PipeServer.Path;

    /// <summary>The words that start the program, for <see cref="StartShell"/>.</summary>
    public static string PipeServerCommand => ProgramUnderTest.PipeServer.ShellCommand;

    /// <summary>Starts <c>pipeserver serve</c> on a free port and waits until it listens.</summary>
    public static async Task<CliProcess> ServeAsync(params string[] arguments)
    {
        var cli = Start(PipeServer, ["serve", Repository.Path("wwwroot"), "--port", "0", .. arguments]);
        await cli.ListeningAsync();
        return cli;
    }

    /// <summary>Starts an assembly, or a file that can be started by itself.</summary>
    public static CliProcess Start(string program, params string[] arguments) => Start(StartOf(program, arguments));

    public static CliProcess Start(string program, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var start = StartOf(program, arguments);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Start(start);
    }

    /// <summary>Starts a script that ends with an <c>exec</c> of the program, so that the process is the program's.</summary>
    public static CliProcess StartShell(string script) => Start(new ProcessStartInfo("bash", ["-c", script]));

    private static ProcessStartInfo StartOf(string program, string[] arguments) =>
        program.EndsWith(".dll", StringComparison.OrdinalIgnoreCase)
            ? new ProcessStartInfo("dotnet", ["exec", program, .. arguments])
            : new ProcessStartInfo(program, arguments);

    private static CliProcess Start(ProcessStartInfo start)
    {
        if (OperatingSystem.IsLinux())
        {
            // A runner that ignores SIGINT, as nohup and background jobs of a script do, would have its children ignore it too.
            start.ArgumentList.Insert(0, "--default-signal");
            start.ArgumentList.Insert(1, start.FileName);
            start.FileName = "env";
        }

        start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.WorkingDirectory = Path.GetTempPath();
        var cli = new CliProcess(new Process { StartInfo = start });
        cli._process.OutputDataReceived += (_, e) => Keep(cli._output, e.Data);
        cli._process.ErrorDataReceived += (_, e) => Keep(cli._errors, e.Data);
        Assert.True(cli._process.Start());
        cli._process.BeginOutputReadLine();
        cli._process.BeginErrorReadLine();
        return cli;
    }

    /// <summary>Waits for the line that tells the address, behind these words.</summary>
    public async Task ListeningAsync(string words = "Listening on ")
    {
        var started = Stopwatch.GetTimestamp();
        while (!Output.Any(line => line.StartsWith(words)))
        {
            Assert.False(_process.HasExited, $"It ended: {string.Join('\n', [.. Output, .. Errors])}");
            Assert.True(Stopwatch.GetElapsedTime(started) < Patience, "It does not listen.");
            await Task.Delay(10);
        }

        var address = new Uri(Output.First(line => line.StartsWith(words))[words.Length..].Split(' ')[0].TrimEnd(';'));
        EndPoint = new IPEndPoint(IPAddress.Parse(address.Host.Trim('[', ']')), address.Port);
    }

    public void Signal(int signal) => Signal(_process.Id, signal);

    public static void Signal(int process, int signal) => Assert.Equal(0, Kill(process, signal));

    public long ResidentBytes()
    {
        _process.Refresh();
        return _process.WorkingSet64;
    }

    /// <summary>Waits for the end; the exit code.</summary>
    public async Task<int> EndAsync()
    {
        using var timeout = new CancellationTokenSource(Patience);
        await _process.WaitForExitAsync(timeout.Token);
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);
}
