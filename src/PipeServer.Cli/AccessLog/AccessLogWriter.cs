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

    // For a file: the system copies it at once.
    private const int FileChunkBytes = 256 * 1024;

    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StartAgainAfter = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly AccessLogFile? _file; // null: standard output
    private readonly string _name;
    private readonly ILogger _logger;
    private readonly WholeLines _lines;
    private byte[] _pending = [];
    private byte[] _written = [];
    private int _pendingBytes;
    private long _lost;
    private bool _isWaiting; // for the first line
    private bool _mustReopen;
    private bool _isClosed;
    private bool _isFailing; // the thread's own
    private Thread? _thread;
    private long _startNotBefore; // milliseconds of the system's clock

    private AccessLogWriter(AccessLogFile? file, ILineTarget target, string name, ILogger logger)
    {
        (_file, _name, _logger) = (file, name, logger);
        _lines = new WholeLines(target, file is null ? WholeLines.PipeBytes : FileChunkBytes);
    }

    /// <summary>How many lines have been lost so far.</summary>
    public long LinesLost => Volatile.Read(ref _lost);

    /// <summary>Opens the log.</summary>
    /// <param name="path">The file, or <c>-</c> for standard output.</param>
    /// <param name="logger">Is told what goes wrong later.</param>
    /// <param name="writer">The log; null when there is a problem.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public static string? TryOpen(string path, ILogger logger, out AccessLogWriter? writer)
    {
        writer = null;
        if (path == "-")
        {
            writer = To(new StandardStream(StandardStream.Output), logger);
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
            if (_isClosed || !HasRoomFor(line.Length) || !HasThread())
            {
                _lost++;
                return;
            }

            var isHalfFull = _pendingBytes >= MaxPendingBytes / 2;
            line.CopyTo(_pending.AsSpan(_pendingBytes));
            _pendingBytes += line.Length;
            if (_isWaiting || (!isHalfFull && _pendingBytes >= MaxPendingBytes / 2))
            {
                _isWaiting = false;
                Monitor.Pulse(_gate);
            }
        }
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

    /// <summary>Takes no more lines, and waits until those that are there are written.</summary>
    /// <param name="most">The longest wait.</param>
    public void Close(TimeSpan most)
    {
        Thread? thread;
        lock (_gate)
        {
            _isClosed = true;
            thread = _thread;
            Monitor.Pulse(_gate);
        }

        if (thread is null || thread.Join(most))
        {
            _file?.Dispose();
        }
    }

    private bool HasRoomFor(int bytes)
    {
        var needed = _pendingBytes + bytes;
        if (needed <= _pending.Length)
        {
            return true;
        }

        if (needed > MaxPendingBytes)
        {
            return false;
        }

        try
        {
            Array.Resize(ref _pending, Math.Min(MaxPendingBytes, Math.Max(needed, Math.Max(64 * 1024, _pending.Length * 2))));
            return true;
        }
        catch (OutOfMemoryException)
        {
            return false; // a log must not end what it reports on
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
                (_pendingBytes, _mustReopen) = (0, false);
            }

            WriteBatch(_written.AsSpan(0, bytes), mustReopen);
        }
    }

    // What waits was handed in before the file was renamed, or shortly after it: it goes to the old one, as with nginx.
    private void WriteBatch(ReadOnlySpan<byte> lines, bool mustReopen)
    {
        long lost = 0;
        while (!lines.IsEmpty)
        {
            lost += _lines.WriteNext(ref lines, out _);
        }

        var total = Interlocked.Add(ref _lost, lost);
        if (lost > 0 && !_isFailing)
        {
            _isFailing = true;
            CliLog.AccessLogFailed(_logger, _name, $"cannot be written: {Marshal.GetPInvokeErrorMessage(_lines.Error)}");
        }
        else if (lost == 0 && _isFailing)
        {
            _isFailing = false;
            CliLog.AccessLogGoesOn(_logger, _name, total);
        }

        if (mustReopen)
        {
            if (_file!.Open() is not 0 and var error)
            {
                CliLog.AccessLogFailed(_logger, _name, $"could not be opened anew: {AccessLogFile.Explain(error)}");
            }
            else
            {
                CliLog.AccessLogReopened(_logger, _name);
            }
        }
    }
}
