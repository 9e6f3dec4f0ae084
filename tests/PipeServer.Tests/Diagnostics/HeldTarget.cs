using System.Text;
using PipeServer.Diagnostics;

namespace PipeServer.Tests.Diagnostics;

/// <summary>A stream whose reader the test plays: it can stop reading, or break.</summary>
#pragma warning disable CA1001 // The writer's thread may be in it until the process ends.
internal sealed class HeldTarget : ILineTarget
#pragma warning restore CA1001
{
    private readonly ManualResetEventSlim _isRead = new(initialState: true);
    private readonly StringBuilder _text = new();

    /// <summary>The error number of every write; 0 for none.</summary>
    public int Error { get; set; }

    /// <summary>How many bytes a failing write takes before it fails.</summary>
    public int TakenBeforeError { get; set; }

    public bool IsReady => _isRead.IsSet;

    /// <summary>Somebody waits for the reader.</summary>
    public bool IsHeld { get; private set; }

    public string Text
    {
        get
        {
            lock (_text)
            {
                return _text.ToString();
            }
        }
    }

    public string[] Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public int LongestWrite { get; private set; }

    /// <summary>The thread of the last write.</summary>
    public Thread? Writer { get; private set; }

    public void Stop() => _isRead.Reset();

    public void GoOn() => _isRead.Set();

    public int Write(ReadOnlySpan<byte> bytes, out int written)
    {
        Writer = Thread.CurrentThread;
        IsHeld = !_isRead.IsSet;
        _isRead.Wait();
        IsHeld = false;
        lock (_text)
        {
            LongestWrite = Math.Max(LongestWrite, bytes.Length);
            written = Error == 0 ? bytes.Length : Math.Min(TakenBeforeError, bytes.Length);
            _text.Append(Encoding.UTF8.GetString(bytes[..written]));
            return Error;
        }
    }
}
