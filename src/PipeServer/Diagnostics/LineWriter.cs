using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace PipeServer.Diagnostics;

/// <summary>
/// Writes lines to a stream that may have no reader, without ever making its callers wait: they put lines into a bounded queue, and one
/// thread, which may hang as long as it likes, writes them, and ends when there has been nothing to write for a while. What finds no room, or
/// cannot be written, is lost, counted, and told in a line as soon as there is a reader again.
/// </summary>
/// <remarks>All members may be used from any thread.</remarks>
internal sealed class LineWriter(ILineTarget target, string name)
{
    /// <summary>The bytes that wait at most; as many again may be in the hands of the thread.</summary>
    public const int MaxPendingBytes = 1024 * 1024;

    // How often a waiting Drain looks whether it is to hurry.
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);

    // A quiet server has no thread for its lines. A new one takes a tenth of a millisecond, and nobody waits for it.
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    private readonly object _gate = new();
    private readonly WholeLines _lines = new(target, WholeLines.PipeBytes);
    private byte[] _pending = [];
    private byte[] _written = [];
    private int _pendingBytes;
    private long _pendingLines;
    private long _linesInHand;
    private long _lost;
    private long _untold;
    private long _lostBehindPending;
    private bool _isIdle = true;
    private bool _hasFailed;
    private Thread? _thread;

    /// <summary>What the lines look like that tell of lost ones.</summary>
    public ILineFormat Format { get; set; } = new PlainLineFormat(namesCategories: false);

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

    /// <summary>How many lines still wait for the reader.</summary>
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

    /// <summary>Hands in one line, escaped where it has to be. Never waits, never throws.</summary>
    public void Write(string line)
    {
        lock (_gate)
        {
            // Once a line is lost, so are those behind it, until there is room: the line that tells it stands where they would.
            var needed = _pendingBytes + EscapedLine.MaxBytes(line.Length);
            if (_lostBehindPending > 0 || !BoundedBuffer.TryReserve(ref _pending, needed, least: 0, MaxPendingBytes))
            {
                _lost++;
                _lostBehindPending++;
                return;
            }

            _pendingBytes += EscapedLine.Encode(line, _pending.AsSpan(_pendingBytes));
            _pendingLines++;
            WakeThread();
        }
    }

    /// <summary>Waits until everything is written.</summary>
    /// <param name="most">The longest wait.</param>
    /// <param name="hurry">Once cancelled, it is not waited for a reader that does not read.</param>
    /// <returns>False when lines are left.</returns>
    public bool Drain(TimeSpan most, CancellationToken hurry = default)
    {
        var started = Stopwatch.GetTimestamp();
        lock (_gate)
        {
            if (_thread is null)
            {
                WriteWithoutThread();
            }

            while (!_isIdle || _pendingBytes > 0)
            {
                var left = most - Stopwatch.GetElapsedTime(started);
                if (left <= TimeSpan.Zero || (hurry.IsCancellationRequested && !target.IsReady))
                {
                    return false;
                }

                Monitor.Wait(_gate, left < Glance ? left : Glance);
            }

            return true;
        }
    }

    // The system has no thread left, or nothing is pending. At most as much as the target takes without a wait, by the caller: this may be all
    // that tells why the process ends.
    private void WriteWithoutThread()
    {
        ReadOnlySpan<byte> lines = _pending.AsSpan(0, _pendingBytes);
        while (!lines.IsEmpty && target.IsReady)
        {
            _lost += _lines.WriteNext(ref lines, out var count);
            _pendingLines -= count;
        }

        lines.CopyTo(_pending);
        _pendingBytes = lines.Length;
    }

    private void WakeThread()
    {
        if (_thread is not null)
        {
            if (_isIdle)
            {
                Monitor.PulseAll(_gate);
            }

            return;
        }

        var thread = new Thread(Run) { IsBackground = true, Name = name };
        try
        {
            thread.Start();
            _thread = thread;
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            WriteWithoutThread(); // the system has no thread left; the next line tries again
        }
    }

    private void Run()
    {
        while (true)
        {
            long lines, untold, lostBehind;
            int bytes;
            lock (_gate)
            {
                while (_pendingBytes == 0 && (_untold == 0 || _hasFailed))
                {
                    _isIdle = true;
                    Monitor.PulseAll(_gate);
                    if (!Monitor.Wait(_gate, Rest) && _pendingBytes == 0)
                    {
                        _thread = null; // the next line starts another one, which goes on with what this one knows
                        _pending = _written = [];
                        return;
                    }
                }

                _isIdle = false;
                (_pending, _written) = (_written, _pending);
                (lines, bytes, untold, lostBehind) = (_pendingLines, _pendingBytes, _untold, _lostBehindPending);
                (_linesInHand, _pendingLines, _pendingBytes, _lostBehindPending) = (lines, 0, 0, 0);
            }

            var isTold = untold > 0 && TryTell(untold);
            var lost = WriteLines(_written.AsSpan(0, bytes));
            lock (_gate)
            {
                _linesInHand = 0;
                _lost += lost;
                _untold = (isTold ? 0 : untold) + lost + lostBehind;
                _hasFailed = lost > 0 || (untold > 0 && !isTold);
            }
        }
    }

    private bool TryTell(long lost)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{lost} line{(lost == 1 ? " was" : "s were")} lost here: nobody took them in time.");
        text = Format.Format(new LogEvent(LogLevel.Warning, name, text));
        var line = new byte[EscapedLine.MaxBytes(text.Length)];
        return _lines.Write(line.AsSpan(0, EscapedLine.Encode(text, line))) == 1;
    }

    // Tells how many lines were not written whole.
    private long WriteLines(ReadOnlySpan<byte> lines)
    {
        long lost = 0;
        while (!lines.IsEmpty)
        {
            lost += _lines.WriteNext(ref lines, out var count);
            Interlocked.Add(ref _linesInHand, -count);
        }

        return lost;
    }
}
