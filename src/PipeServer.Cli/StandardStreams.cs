using System.Diagnostics;
using System.Runtime.InteropServices;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary>
/// Standard output and standard error of the process. Nothing else writes there: lines of a server go through writers that nobody waits
/// for longer than two seconds at the end, the text of plain commands through <see cref="Plain"/>.
/// </summary>
internal sealed partial class StandardStreams
{
    // How long the end of the process waits in all for readers that do not read, a report's included, and for the one of standard output alone.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan OutputPatience = Patience / 2;

    private readonly LineWriter _output = new(new StandardStream(StandardStream.Output), "standard output");
    private readonly LineWriter _error = new(new StandardStream(StandardStream.Error), "standard error");

    private long? _firstWait;
    private bool _isOutputGivenUp;

    /// <summary>Once cancelled, readers that do not read are not waited for.</summary>
    public CancellationToken Hurry { get; set; }

    /// <summary>What is left of the time to wait for readers; it begins when somebody asks.</summary>
    public TimeSpan TimeLeft
    {
        get
        {
            _firstWait ??= Stopwatch.GetTimestamp();
            var left = Patience - Stopwatch.GetElapsedTime(_firstWait.Value);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>What commands print that do not serve.</summary>
    public PlainOutput Plain { get; } = new(new StandardStream(StandardStream.Output));

    /// <summary>Lines that had no reader, those that are still waiting for one included.</summary>
    public long LinesLost => _output.LinesLost + _error.LinesLost + _output.LinesPending + _error.LinesPending;

    /// <summary>A line on standard output. Neither waits nor throws.</summary>
    public void WriteLine(string line) => _output.Write(line);

    /// <summary>A line on standard error, with the name of the program in front. Neither waits nor throws.</summary>
    public void WriteError(string message) => _error.Write($"pipeserver: {message}");

    /// <summary>Waits until the lines on standard output are written, or its part of the time is over; then it is not waited for again.</summary>
    public void DrainOutput()
    {
        var left = TimeLeft;
        _isOutputGivenUp = _isOutputGivenUp || !_output.Drain(left < OutputPatience ? left : OutputPatience, Hurry);
    }

    /// <summary>Waits until all lines are written, or the time is over. The last thing that the process does.</summary>
    public void Finish()
    {
        DrainOutput();
        _error.Drain(TimeLeft, Hurry);
    }

    /// <summary>
    /// Reports a fault that nothing has caught, in one line, and ends the process as the runtime would, which itself would wait for the reader
    /// of standard error for ever.
    /// </summary>
    public void ReportCrashes() => AppDomain.CurrentDomain.UnhandledException += (_, e) =>
    {
        if (!OperatingSystem.IsWindows())
        {
            WriteError($"crashed: {(e.ExceptionObject is Exception exception ? LineLogger.Describe(exception) : e.ExceptionObject)}");
            Finish();
            abort();
        }
    };

    [LibraryImport("libc")]
    private static partial void abort();
}
