using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using PipeServer.Tests.Support;

namespace Difference.Stops;

/// <summary>The application as a process, which is stopped by SIGTERM and started again at the same port.</summary>
internal sealed partial class StoppableApplication(string arguments, WorkRecord record) : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("pipeserver-tests-").FullName;
    private readonly ConcurrentQueue<string> _errors = new();
    private Process? _process;

    /// <summary>Where it listens, on 127.0.0.1.</summary>
    public int Port { get; private set; }

    /// <summary>What it listens to, for clients.</summary>
    public string Url => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{Port}");

    /// <summary>How often it has been stopped.</summary>
    public int Stops { get; private set; }

    /// <summary>The longest stop.</summary>
    public TimeSpan LongestStop { get; private set; }

    /// <summary>The stops that did not end with 0: of those not everything was answered.</summary>
    public int UncleanStops { get; private set; }

    /// <summary>The first lines that it has logged as warnings or errors.</summary>
    public string Complaints => string.Join('\n', _errors.Where(static line => line.Length > 0).Take(20));

    private string LedgerPath => Path.Combine(_folder, "ledger.txt");

    /// <summary>Starts it, and waits until it listens.</summary>
    public async Task StartAsync()
    {
        var assembly = Repository.Assembly("tests/PipeServer.AspNetCore.DrainApplication", "PipeServer.AspNetCore.DrainApplication");
        var server = StopSettings.IsKestrel ? "kestrel" : "pipeserver";
        var words = string.Create(
            CultureInfo.InvariantCulture, $"exec {assembly} --server {server} --port {Port} --grace {StopSettings.Grace.TotalSeconds} --ledger {LedgerPath} {arguments}");
        _process = Process.Start(new ProcessStartInfo("dotnet", words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.ErrorDataReceived += (_, line) => _errors.Enqueue(line.Data ?? "");
        _process.BeginErrorReadLine();
        var first = await _process.StandardOutput.ReadLineAsync().WaitAsync(StopSettings.Patience) ?? "";
        if (Address().Match(first) is not { Success: true } match)
        {
            throw new InvalidOperationException($"The application did not start: {first}\n{string.Join('\n', _errors)}");
        }

        Port = int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
    }

    /// <summary>Stops it by SIGTERM, waits for its end, and reads what its handlers have begun and ended.</summary>
    public async Task StopAsync()
    {
        var began = Stopwatch.GetTimestamp();
        using (var kill = Process.Start("kill", ["-TERM", _process!.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync().WaitAsync(StopSettings.Grace + StopSettings.Patience);
        var elapsed = Stopwatch.GetElapsedTime(began);
        Stops++;
        LongestStop = elapsed > LongestStop ? elapsed : LongestStop;
        UncleanStops += _process.ExitCode == 0 ? 0 : 1;
        record.AddLedger(await File.ReadAllLinesAsync(LedgerPath));
        File.Delete(LedgerPath);
        _process.Dispose();
        _process = null;
    }

    public ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill(entireProcessTree: true);
        }

        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [GeneratedRegex("https?://[^/ ]*:([0-9]+)")]
    private static partial Regex Address();
}
