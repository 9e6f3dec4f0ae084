using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using PipeServer.Diagnostics;

namespace PipeServer.Cli.AccessLog;

/// <summary>
/// The way of the access log's lines: a bounded queue, and one thread that writes what has gathered there some twenty times a second. Nobody waits for
/// it: what finds no room, or cannot be written, is lost and counted, and the server's log says so.
/// </summary>
/// <remarks>
/// Unlike <see cref="LineWriter"/> it is made for hundreds of thousands of lines a second: bytes, not strings, and a thread that gathers before it
/// writes instead of being woken for each line. Members may be used from any thread.
/// </remarks>
internal sealed class AccessLogWriter
{
    /// <summary>The bytes that wait at most; as many again may be in the hands of the thread.</summary>
    public const int MaxPendingBytes = 4 * 1024 * 1024;

    // The queue's size once there is a line.
    private const int LeastBytes = 64 * 1024;

    // For a file: the system copies it at once.
    private const int FileChunkBytes = 256 * 1024;

    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StartAgainAfter = TimeSpan.FromSeconds(1);

    // A queue that is full again and again is told twice a second at most.
    private static readonly TimeSpan ShortestOverrun = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly AccessLogFile? _file; // null: standard output
    private readonly string _name;
    private readonly ILogger _logger;
    private readonly WholeLines _lines;
    private byte[] _pending = [];
    private byte[] _written = [];
    private int _pendingBytes;
    private long _pendingLines;
    private long _linesInHand;
    private long _lost;
    private bool _isFailing; // told, and not yet told that it is over
    private bool _hasOverrun; // lines have found no room since the thread last took some
    private long _overrunSince; // milliseconds of the system's clock
    private bool _isWaiting; // for the first line
    private bool _mustReopen;
    private bool _isClosed;
    private Thread? _thread;
    private long _startNotBefore; // milliseconds of the system's clock

    private AccessLogWriter(AccessLogFile? file, ILineTarget target, string name, ILogger logger)
    {
        (_file, _name, _logger) = (file, name, logger);
        _lines = new WholeLines(target, file is null ? WholeLines.PipeBytes : FileChunkBytes);
    }

    /// <summary>How many lines have been lost so far.</summary>
    public long LinesLost
    {
        get
        {
            lock (_gate)
            {
                return _lost;
            }
        }
    }

    /// <summary>How many lines still wait to be written: lost as well, once the process ends.</summary>
    public long LinesPending
    {
        get
        {
            lock (_gate)
            {
                return _pendingLines + _linesInHand;
            }
        }
    }

    /// <summary>Opens the log.</summary>
    /// <param name="path">The file, or <c>-</c> for standard output; <c>/dev/stdout</c> and <c>/dev/stderr</c> are the streams themselves.</param>
    /// <param name="logger">Is told what goes wrong later.</param>
    /// <param name="writer">The log; null when there is a problem.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public static string? TryOpen(string path, ILogger logger, out AccessLogWriter? writer)
    {
        writer = null;
        var descriptor = path == "-" ? StandardStream.Output : ReportFile.DescriptorOf(path);
        if (descriptor is { } stream)
        {
            var name = stream == StandardStream.Output ? "on standard output" : "on standard error";
            writer = new AccessLogWriter(file: null, new StandardStream(stream), name, logger);
            return null;
        }

        var file = new AccessLogFile(path);
        if (file.Open() is not 0 and var error)
        {
            return AccessLogFile.Explain(error);
        }

        writer = new AccessLogWriter(file, file, path, logger);
        return null;
    }

    /// <summary>A log that is no file; for tests, and for standard output.</summary>
    public static AccessLogWriter To(ILineTarget target, ILogger logger) => new(file: null, target, "on standard output", logger);

    /// <summary>Hands in a line with its end. Never waits for the disk, never throws.</summary>
    public void Write(ReadOnlySpan<byte> line)
    {
        lock (_gate)
        {
            if (!_isClosed && BoundedBuffer.TryReserve(ref _pending, _pendingBytes + line.Length, LeastBytes, MaxPendingBytes) && HasThread())
            {
                Put(line);
                return;
            }

            _lost++;
            _hasOverrun = true;
            if (_isFailing || _isClosed)
            {
                return;
            }

            _isFailing = true;
            _overrunSince = Environment.TickCount64;
        }

        CliLog.AccessLogFailed(_logger, _name, "does not take its lines in time");
    }

    /// <summary>The file is opened anew before the next lines are written: it was renamed, or is to be made again.</summary>
    public void Reopen()
    {
        lock (_gate)
        {
            _mustReopen = _file is not null;
            if (_mustReopen && HasThread())
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Takes no more lines, and waits until those that are there are written. Once; later calls do not wait again.</summary>
    /// <param name="most">The longest wait.</param>
    public void Close(TimeSpan most)
    {
        Thread? thread;
        lock (_gate)
        {
            if (_isClosed)
            {
                return;
            }

            _isClosed = true;
            thread = _thread;
            Monitor.Pulse(_gate);
        }

        if (thread is null || thread.Join(most))
        {
            _file?.Dispose();
        }
    }

    private void Put(ReadOnlySpan<byte> line)
    {
        var isHalfFull = _pendingBytes >= MaxPendingBytes / 2;
        line.CopyTo(_pending.AsSpan(_pendingBytes));
        _pendingBytes += line.Length;
        _pendingLines++;
        if (_isWaiting || (!isHalfFull && _pendingBytes >= MaxPendingBytes / 2))
        {
            _isWaiting = false;
            Monitor.Pulse(_gate);
        }
    }

    private bool HasThread()
    {
        if (_thread is not null)
        {
            return true;
        }

        if (Environment.TickCount64 < _startNotBefore)
        {
            return false;
        }

        var thread = new Thread(Run) { IsBackground = true, Name = "access log" };
        try
        {
            thread.Start();
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            // The system has no thread left. To ask for one costs more than a request, so it is not asked for each line.
            _startNotBefore = Environment.TickCount64 + (long)StartAgainAfter.TotalMilliseconds;
            return false;
        }

        _thread = thread;
        return true;
    }

    private void Run()
    {
        while (true)
        {
            int bytes;
            bool mustReopen;
            lock (_gate)
            {
                while (_pendingBytes == 0 && !_mustReopen && !_isClosed)
                {
                    _isWaiting = true;
                    Monitor.Wait(_gate);
                    _isWaiting = false;
                }

                if (_pendingBytes < MaxPendingBytes / 2 && !_mustReopen && !_isClosed)
                {
                    Monitor.Wait(_gate, Gathering);
                }

                if (_pendingBytes == 0 && _isClosed)
                {
                    return;
                }

                (_pending, _written) = (_written, _pending);
                (bytes, mustReopen) = (_pendingBytes, _mustReopen);
                (_linesInHand, _pendingLines) = (_pendingLines, 0);
                (_pendingBytes, _mustReopen, _hasOverrun) = (0, false, false);
            }

            WriteBatch(_written.AsSpan(0, bytes), mustReopen);
        }
    }

    // What waits was handed in before the file was renamed, or shortly after it: it goes to the old one, as with nginx.
    private void WriteBatch(ReadOnlySpan<byte> lines, bool mustReopen)
    {
        var hasFailed = false;
        while (!lines.IsEmpty)
        {
            var lost = _lines.WriteNext(ref lines, out var count);
            hasFailed |= lost > 0;
            lock (_gate)
            {
                _lost += lost;
                _linesInHand -= count;
            }
        }

        Tell(hasFailed);
        if (mustReopen)
        {
            if (_file!.Open() is not 0 and var error)
            {
                CliLog.AccessLogNotReopened(_logger, _name, AccessLogFile.Explain(error));
            }
            else
            {
                CliLog.AccessLogReopened(_logger, _name);
            }
        }
    }

    // That lines are lost, when it begins and when it is over.
    private void Tell(bool hasFailed)
    {
        long total;
        bool isBeginning;
        lock (_gate)
        {
            total = _lost;
            isBeginning = hasFailed && !_isFailing;
            var isOver = _isFailing && !hasFailed && !_hasOverrun
                && Environment.TickCount64 - _overrunSince >= (long)ShortestOverrun.TotalMilliseconds;
            if (!isBeginning && !isOver)
            {
                return;
            }

            _isFailing = isBeginning;
        }

        if (isBeginning)
        {
            CliLog.AccessLogFailed(_logger, _name, $"cannot be written: {Marshal.GetPInvokeErrorMessage(_lines.Error)}");
        }
        else
        {
            CliLog.AccessLogGoesOn(_logger, _name, total);
        }
    }
}
