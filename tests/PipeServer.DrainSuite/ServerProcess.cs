using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace PipeServer.DrainSuite;

/// <summary>The server under test: started by its command, told to stop by a signal, waited for.</summary>
internal sealed partial class ServerProcess : IDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly Stopwatch _sinceSignal = new();
    private readonly SuiteOptions _options;
    private Task<RequestFate>? _stopRequest;

    private ServerProcess(Process process, int port, SuiteOptions options)
    {
        _process = process;
        Port = port;
        _options = options;
    }

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary>Starts it and waits until it accepts connections.</summary>
    /// <exception cref="InvalidOperationException">It ended, did not say where it listens, or did not listen in time.</exception>
    public static async Task<ServerProcess> StartAsync(SuiteOptions options)
    {
        // exec: the process that we signal is the server, not the shell. What started us may have its signals ignored (nohup, `trap '' INT`),
        // and the server would inherit that.
        var command = OperatingSystem.IsLinux() ? "exec env --default-signal " + options.Command : "exec " + options.Command;
        var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var printed = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) => Find(line.Data, printed);
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var waited = Stopwatch.StartNew();
        var server = new ServerProcess(process, options.Port != 0 ? options.Port : await PrintedPortAsync(process, printed.Task, options), options);
        while (true)
        {
            if (await TryWarmAsync(server.Port, options))
            {
                return server;
            }

            if (process.HasExited || waited.Elapsed > StartPatience)
            {
                server.Dispose();
                throw new InvalidOperationException($"The server does not listen on port {server.Port}: {options.Command}");
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Asks for a graceful stop. A request for it is sent when this ends, and may not be answered yet: see <see cref="StopRequestAsync"/>.</summary>
    public async Task StopAsync()
    {
        _sinceSignal.Start();
        if (_options.StopPath is null || _stopRequest is not null)
        {
            await SignalAsync(_options.Signal);
            return;
        }

        var sent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _stopRequest = RequestStopAsync(_options.StopPath, sent);
        await sent.Task;
    }

    /// <summary>What has become of the request that asked for the stop; answered where a signal did.</summary>
    public Task<RequestFate> StopRequestAsync() => _stopRequest ?? Task.FromResult(RequestFate.Answered);

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

    // Answered once, so that nothing of a scenario is measured on a cold server. False when nobody listens.
    private static async Task<bool> TryWarmAsync(int port, SuiteOptions options)
    {
        if (options.IsHttp2)
        {
            using var peer = await Http2Peer.TryConnectAsync(port, options.IsTls);
            _ = peer is null ? RequestFate.RefusedBeforeSending : await peer.ExchangeAsync(options.EchoRoute, "warm");
            return peer is not null;
        }

        using var probe = await Client.TryConnectAsync(port, options.IsTls);
        _ = probe is null ? RequestFate.RefusedBeforeSending : await probe.ExchangeAsync(Client.Post(options.EchoRoute, "warm"), "warm");
        return probe is not null;
    }

    private async Task<RequestFate> RequestStopAsync(string path, TaskCompletionSource sent)
    {
        try
        {
            if (_options.IsHttp2)
            {
                using var peer = await Http2Peer.TryBeginAsync(Port, _options.IsTls);
                var exchange = peer?.ExchangeAsync(path, "");
                sent.TrySetResult();
                return exchange is null ? RequestFate.RefusedBeforeSending : await exchange;
            }

            using var client = await Client.TryBeginAsync(Port, _options.IsTls);
            var sending = client?.TrySendAsync(Client.Post(path, ""));
            sent.TrySetResult();
            return sending is null ? RequestFate.RefusedBeforeSending : await sending ? await client!.ReadAnswerAsync() : RequestFate.Reset;
        }
        catch (TimeoutException)
        {
            return RequestFate.Lost;
        }
        finally
        {
            sent.TrySetResult();
        }
    }

    private static async Task<int> PrintedPortAsync(Process process, Task<int> printed, SuiteOptions options)
    {
        try
        {
            return await printed.WaitAsync(StartPatience);
        }
        catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
        {
            new ServerProcess(process, 0, options).Dispose();
            throw new InvalidOperationException($"The server did not print where it listens: {options.Command}", exception);
        }
    }

    private static void Find(string? line, TaskCompletionSource<int> printed)
    {
        if (line is null)
        {
            printed.TrySetException(new InvalidOperationException("Its output has ended."));
        }
        else if (Address().Match(line) is { Success: true } match)
        {
            printed.TrySetResult(int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture));
        }
    }

    [GeneratedRegex("https?://[^/ ]*:([0-9]+)")]
    private static partial Regex Address();
}
