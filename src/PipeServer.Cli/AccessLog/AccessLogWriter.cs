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

    private static readonly TimeSpan Gathering = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StartAgainAfter = TimeSpan.FromSeconds(1);

    // A queue that is full again and again is told twice a second at most.
    private static readonly TimeSpan ShortestOverrun = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly ILogger _logger;
    private AccessLogTarget _target; // changed by the thread, under the lock
    private AccessLogTarget? _next; // what it is to be changed to
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

    /// <summary>A log without lines.</summary>
    /// <param name="target">Where they go. It is disposed of at the end.</param>
    /// <param name="logger">Is told what goes wrong later.</param>
    public AccessLogWriter(AccessLogTarget target, ILogger logger) => (_target, _logger) = (target, logger);

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

        CliLog.AccessLogFailed(_logger, _target.Name, "does not take its lines in time");
    }

    /// <summary>The file is opened anew before the next lines are written: it was renamed, or is to be made again.</summary>
    public void Reopen()
    {
        lock (_gate)
        {
            _mustReopen = _target.IsFile && !_isClosed;
            if (_mustReopen && HasThread())
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Lines go elsewhere from now on; those that wait still go where they were meant to.</summary>
    /// <param name="target">Where. It is disposed of at the end.</param>
    public void SwitchTo(AccessLogTarget target)
    {
        lock (_gate)
        {
            _next?.Dispose();
            _next = target;
            if (_isClosed)
            {
                target.Dispose();
            }
            else if (HasThread())
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
            _target.Dispose();
            _next?.Dispose();
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
            AccessLogTarget? next;
            lock (_gate)
            {
                while (_pendingBytes == 0 && !_mustReopen && _next is null && !_isClosed)
                {
                    _isWaiting = true;
                    Monitor.Wait(_gate);
                    _isWaiting = false;
                }

                if (_pendingBytes < MaxPendingBytes / 2 && !_mustReopen && _next is null && !_isClosed)
                {
                    Monitor.Wait(_gate, Gathering);
                }

                if (_pendingBytes == 0 && _next is null && _isClosed)
                {
                    return;
                }

                (_pending, _written) = (_written, _pending);
                (bytes, mustReopen) = (_pendingBytes, _mustReopen);
                (_linesInHand, _pendingLines) = (_pendingLines, 0);
                (_pendingBytes, _mustReopen, _hasOverrun) = (0, false, false);
                (next, _next) = (_next, null);
            }

            WriteBatch(_written.AsSpan(0, bytes));
            if (next is not null)
            {
                Change(next);
            }
            else if (mustReopen)
            {
                OpenAnew();
            }
        }
    }

    // What waits was handed in before the file was renamed, or shortly after it: it goes to the old one, as with nginx.
    private void WriteBatch(ReadOnlySpan<byte> lines)
    {
        var hasFailed = false;
        while (!lines.IsEmpty)
        {
            var lost = _target.Lines.WriteNext(ref lines, out var count);
            hasFailed |= lost > 0;
            lock (_gate)
            {
                _lost += lost;
                _linesInHand -= count;
            }
        }

        Tell(hasFailed);
    }

    private void Change(AccessLogTarget next)
    {
        AccessLogTarget old;
        lock (_gate)
        {
            (old, _target) = (_target, next);
        }

        old.Dispose();
    }

    private void OpenAnew()
    {
        if (_target.Reopen() is not 0 and var error)
        {
            CliLog.AccessLogNotReopened(_logger, _target.Name, AccessLogFile.Explain(error));
        }
        else
        {
            CliLog.AccessLogReopened(_logger, _target.Name);
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
            CliLog.AccessLogFailed(_logger, _target.Name, $"cannot be written: {Marshal.GetPInvokeErrorMessage(_target.Lines.Error)}");
        }
        else
        {
            CliLog.AccessLogGoesOn(_logger, _target.Name, total);
        }
    }
}
