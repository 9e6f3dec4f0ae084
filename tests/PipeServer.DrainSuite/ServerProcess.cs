using System.Diagnostics;
using System.Globalization;

namespace PipeServer.DrainSuite;

/// <summary>The server under test: started by its command, told to stop by a signal, waited for.</summary>
internal sealed class ServerProcess : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly Stopwatch _sinceSignal = new();
    private readonly string _signal;

    private ServerProcess(Process process, string signal)
    {
        _process = process;
        _signal = signal;
    }

    /// <summary>Starts it and waits until it accepts connections.</summary>
    /// <exception cref="InvalidOperationException">It ended, or did not listen in time.</exception>
    public static async Task<ServerProcess> StartAsync(SuiteOptions options)
    {
        // exec: the process that we signal is the server, not the shell.
        var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec " + options.Command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.OutputDataReceived += static (_, _) => { };
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new ServerProcess(process, options.Signal);
        var waited = Stopwatch.StartNew();
        while (true)
        {
            using var probe = await Client.TryConnectAsync(options.Port);
            if (probe is not null)
            {
                // Answered once, so that nothing of a scenario is measured on a cold server.
                await probe.ExchangeAsync(Client.Post(options.EchoRoute, "warm"), "warm");
                return server;
            }

            if (process.HasExited || waited.Elapsed > StartPatience)
            {
                server.Dispose();
                throw new InvalidOperationException($"The server does not listen on port {options.Port}: {options.Command}");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Asks for a graceful stop.</summary>
    public Task StopAsync()
    {
        _sinceSignal.Start();
        return SignalAsync(_signal);
    }

    public async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits for its end: the exit code and the seconds since it was asked; null when it took too long and was killed.</summary>
    public async Task<(int Code, double Seconds)?> ExitAsync(TimeSpan patience)
    {
        try
        {
            await _process.WaitForExitAsync().WaitAsync(patience);
            return (_process.ExitCode, _sinceSignal.Elapsed.TotalSeconds);
        }
        catch (TimeoutException)
        {
            _process.Kill(entireProcessTree: true);
            return null;
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }
}
