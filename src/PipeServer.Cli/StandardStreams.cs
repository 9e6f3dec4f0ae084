using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;

namespace PipeServer.Cli;

/// <summary>
/// Standard output and standard error of the process. Nothing else writes there: lines of a server go through writers that nobody waits
/// for longer than two seconds at the end, the text of plain commands through <see cref="Plain"/>.
/// </summary>
internal sealed partial class StandardStreams
{
    // How long the end of the process waits in all for readers that do not read, the report's included; how much of that is left when the
    // access log is given up; how much when standard output is; and how much when the report is, so that it can still be told.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BehindAccessLog = TimeSpan.FromSeconds(1.3);
    private static readonly TimeSpan BehindOutput = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BehindReport = TimeSpan.FromMilliseconds(300);

    private const int SIGTTOU = 22;
    private const int SIGXFSZ = 25;
    private const int SIG_IGN = 1;

    private readonly LineWriter _output = new(new StandardStream(StandardStream.Output), "standard output");
    private readonly LineWriter _error = new(new StandardStream(StandardStream.Error), "standard error");

    private ILineFormat? _formatOfAll;
    private long? _firstWait;
    private bool _isOutputGivenUp;

    /// <summary>
    /// Readies the process for writing. Takes what a line of standard error will need: without a descriptor left, the runtime finds none of its
    /// assemblies any more, and the very line that would say so could not be written.
    /// </summary>
    public StandardStreams()
    {
        RuntimeHelpers.RunClassConstructor(typeof(Thread).TypeHandle);
        RuntimeHelpers.RunClassConstructor(typeof(ManualResetEventSlim).TypeHandle); // System.Threading, for interlocked counts
        if (!OperatingSystem.IsWindows())
        {
            // By these a line would stop the process, or end it: on a terminal where another job is in front (stty tostop), and in a file that may
            // not grow (ulimit -f). Ignored, they leave the first one written, and the second one an error like that of a full disk.
            _ = signal(SIGTTOU, SIG_IGN);
            _ = signal(SIGXFSZ, SIG_IGN);
        }
    }

    /// <summary>Once cancelled, readers that do not read are not waited for.</summary>
    public CancellationToken Hurry { get; set; }

    /// <summary>How long the access log's last lines may take. See <see cref="TimeForReport"/>.</summary>
    public TimeSpan TimeForAccessLog => TimeUntil(BehindAccessLog);

    /// <summary>How long the report may take. The time for all readers together begins when somebody first waits.</summary>
    public TimeSpan TimeForReport => TimeUntil(BehindReport);

    /// <summary>What commands print that do not serve.</summary>
    public PlainOutput Plain { get; } = new(new StandardStream(StandardStream.Output));

    /// <summary>Lines that had no reader and are lost for good: never goes back.</summary>
    public long LinesDropped => _output.LinesLost + _error.LinesLost;

    /// <summary>Lines that had no reader, those that are still waiting for one included.</summary>
    public long LinesLost => _output.LinesLost + _error.LinesLost + _output.LinesPending + _error.LinesPending;

    /// <summary>Sets what lines look like from now on.</summary>
    /// <param name="format">The form of the log's lines.</param>
    /// <param name="isForAll">Also of what the program says and what it reports as wrong: somebody reads them by a program.</param>
    public void UseFormat(ILineFormat format, bool isForAll)
    {
        _output.Format = _error.Format = format;
        _formatOfAll = isForAll ? format : null;
    }

    /// <summary>A line on standard output. Neither waits nor throws.</summary>
    public void WriteLine(string line) => _output.Write(line);

    /// <summary>Something that the program says, a line on standard output. Neither waits nor throws.</summary>
    public void Say(string text) => _output.Write(Formatted(LogLevel.Information, text) ?? text);

    /// <summary>The last of what <see cref="WriteError"/> was given; null before.</summary>
    public string? LastError { get; private set; }

    /// <summary>A line on standard error, with the name of the program in front. Neither waits nor throws.</summary>
    public void WriteError(string message)
    {
        LastError = message;
        _error.Write(Formatted(LogLevel.Error, message) ?? $"pipeserver: {message}");
    }

    /// <summary>Waits until the lines on standard output are written, or its part of the time is over; then it is not waited for again.</summary>
    public void DrainOutput() => _isOutputGivenUp = _isOutputGivenUp || !_output.Drain(TimeUntil(BehindOutput), Hurry);

    /// <summary>Waits until all lines are written, or the time is over. The last thing that the process does.</summary>
    public void Finish()
    {
        DrainOutput();
        _error.Drain(TimeUntil(TimeSpan.Zero), Hurry);
    }

    /// <summary>
    /// Reports a fault that nothing has caught, in one line, and ends the process as the runtime would, which itself would wait for the reader
    /// of standard error for ever.
    /// </summary>
    public void ReportCrashes() => AppDomain.CurrentDomain.UnhandledException += (_, e) =>
    {
        if (!OperatingSystem.IsWindows())
        {
            WriteError($"crashed: {(e.ExceptionObject is Exception exception ? PlainLineFormat.Describe(exception) : e.ExceptionObject)}");
            Finish();
            abort();
        }
    };

    private string? Formatted(LogLevel level, string text) => _formatOfAll?.Format(new LogEvent(level, "PipeServer.Cli", text));

    private TimeSpan TimeUntil(TimeSpan left)
    {
        _firstWait ??= Stopwatch.GetTimestamp();
        var time = Patience - left - Stopwatch.GetElapsedTime(_firstWait.Value);
        return time > TimeSpan.Zero ? time : TimeSpan.Zero;
    }

    [LibraryImport("libc")]
    private static partial nint signal(int number, nint handler);

    [LibraryImport("libc")]
    private static partial void abort();
}
