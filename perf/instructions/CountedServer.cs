using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>A server under callgrind, which counts only where it is told to. Nothing else is ever stopped than this process.</summary>
internal sealed class CountedServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly string _profile;
    private readonly Task<string> _errors;
    private int _dumps;

    private CountedServer(Process process, string profile, int port)
    {
        _process = process;
        _profile = profile;
        Port = port;

        // What nobody reads would fill the pipe and stop the server.
        _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        _errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
    }

    public int Port { get; }

    public int ProcessId => _process.Id;

    /// <summary>Starts it, and waits until it accepts connections.</summary>
    /// <param name="command">The server's command for a port.</param>
    /// <param name="work">A folder for profiles.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="MeasurementException">It does not start.</exception>
    public static async Task<CountedServer> StartAsync(Func<int, IReadOnlyList<string>> command, string work, CancellationToken cancellation)
    {
        var port = LoopbackPort.Free();
        var profile = Path.Combine(work, $"profile-{port}");

        // Server garbage collection, which Kestrel has by default, wants more addresses than there are under valgrind.
        var process = ExternalProgram.Start(
            ["env", "DOTNET_gcServer=0", "valgrind", "--tool=callgrind", "--fair-sched=try", "--instr-atstart=no", $"--callgrind-out-file={profile}", .. command(port)]);
        var server = new CountedServer(process, profile, port);
        try
        {
            await server.WaitUntilItAcceptsAsync(cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Counts while the load runs.</summary>
    public async Task<CallgrindProfile> CountAsync(Func<Task> load, CancellationToken cancellation)
    {
        await ControlAsync("--instr=on", cancellation);
        await load();
        await ControlAsync("--instr=off", cancellation);
        await ControlAsync("--dump", cancellation);
        var path = string.Create(CultureInfo.InvariantCulture, $"{_profile}.{++_dumps}");
        var profile = CallgrindProfile.Read(await File.ReadAllLinesAsync(path, cancellation));
        File.Delete(path);
        return profile;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
            await kill.WaitForExitAsync();
            await WakeAsync();
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    // Under valgrind a signal does not interrupt nginx's wait for events; a connection does.
    private async Task WakeAsync()
    {
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port));
        }
        catch (SocketException)
        {
            // It has closed its port already.
        }
    }

    // With the process's number: without one it switches every callgrind on the machine.
    private async Task ControlAsync(string command, CancellationToken cancellation) =>
        await ExternalProgram.CaptureAsync(cancellation, "callgrind_control", command, $"{_process.Id}");

    private async Task WaitUntilItAcceptsAsync(CancellationToken cancellation)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            if (_process.HasExited)
            {
                throw new MeasurementException($"the server ended at once: {(await _errors).Trim()}");
            }

            try
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port), cancellation);
                return;
            }
            catch (SocketException) when (Stopwatch.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(20, cancellation);
            }
        }
    }
}
