using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace PipeServer.Cli.Upgrade;

/// <summary>
/// What two generations of the program say to each other while one takes the other's place: lines over a pair of unix sockets that nobody else has.
/// <list type="number">
/// <item>The old one sends <see cref="Hello"/> with the keys of session tickets, and starts the new one.</item>
/// <item>The new one sends <see cref="Ready"/> when it accepts on all sockets, or <see cref="Failed"/> with the reason.</item>
/// <item>The old one gives the service manager the new one's number, and sends <see cref="Go"/>; or <see cref="Stop"/>, and it is not wanted any more.</item>
/// <item>The new one tells the manager that it is ready, and sends <see cref="Serving"/>.</item>
/// <item>The old one closes its end, and drains. The sockets are the new one's alone from then on, and it writes the PID file.</item>
/// </list>
/// An end of the connection before that is the end of the other process.
/// </summary>
internal sealed partial class UpgradeChannel : IDisposable
{
    /// <summary>The version of this exchange, and behind a space the keys in base64.</summary>
    public const string Hello = "pipeserver-upgrade/1";

    /// <summary>The new one accepts.</summary>
    public const string Ready = "ready";

    /// <summary>The new one cannot start; behind a space stands why.</summary>
    public const string Failed = "failed";

    /// <summary>The new one is to take over.</summary>
    public const string Go = "go";

    /// <summary>The new one is to end.</summary>
    public const string Stop = "stop";

    /// <summary>The new one has taken over.</summary>
    public const string Serving = "serving";

    private const int AF_UNIX = 1;
    private const int SOCK_STREAM = 1;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int F_SETFD = 2;
    private const int FD_CLOEXEC = 1;

    // The longest is the one with the keys, of some hundred bytes; a reason is a line of the log.
    private const int MaxLineBytes = 8192;

    private static readonly TimeSpan LongestPoll = TimeSpan.FromMinutes(30); // in microseconds it fits into the int of Socket.Poll

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[MaxLineBytes];
    private int _length;

    /// <summary>Around one end.</summary>
    public UpgradeChannel(SafeSocketHandle end) => _socket = new Socket(end);

    /// <summary>Makes both ends, close-on-exec.</summary>
    /// <exception cref="IOException">The process has no descriptor left.</exception>
    // SAFETY: the system writes two numbers, for which there is room on this stack frame.
    public static unsafe (UpgradeChannel Own, SafeSocketHandle Others) Create()
    {
        var ends = stackalloc int[2];
        return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0
            ? (new UpgradeChannel(new SafeSocketHandle(ends[0], ownsHandle: true)), new SafeSocketHandle(ends[1], ownsHandle: true))
            : throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
    }

    /// <summary>Takes the end that this process was given, and keeps it from this process's children.</summary>
    /// <param name="descriptor">Its number.</param>
    public static UpgradeChannel Take(int descriptor)
    {
        var end = new SafeSocketHandle(descriptor, ownsHandle: true);
        _ = fcntl(end, F_SETFD, FD_CLOEXEC);
        return new UpgradeChannel(end);
    }

    /// <summary>Says something, without the ends of lines in it. False when the other one is gone.</summary>
    public bool TrySend(string line)
    {
        try
        {
            var bytes = Encoding.UTF8.GetBytes(line.ReplaceLineEndings(" "));
            _socket.Send(bytes.AsSpan(0, Math.Min(bytes.Length, MaxLineBytes - 1)));
            _socket.Send("\n"u8);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Waits for what the other one says.</summary>
    /// <param name="patience">How long, at most half an hour; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="line">What it has said; null when it is gone.</param>
    /// <returns>False when the time is over.</returns>
    public bool TryReceive(TimeSpan patience, out string? line)
    {
        line = null;
        try
        {
            int end;
            while ((end = _buffer.AsSpan(0, _length).IndexOf((byte)'\n')) < 0)
            {
                if (patience != Timeout.InfiniteTimeSpan && !_socket.Poll(patience < LongestPoll ? patience : LongestPoll, SelectMode.SelectRead))
                {
                    return false;
                }

                var count = _length == _buffer.Length ? 0 : _socket.Receive(_buffer.AsSpan(_length));
                if (count == 0)
                {
                    return true;
                }

                _length += count;
            }

            line = Encoding.UTF8.GetString(_buffer, 0, end);
            _length -= end + 1;
            _buffer.AsSpan(end + 1, _length).CopyTo(_buffer);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return true; // gone: reset
        }
    }

    /// <summary>Nothing more is said or heard: whoever waits is told that the other one is gone. From any thread.</summary>
    public void GiveUp()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // It has ended.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    [LibraryImport("libc")]
    private static partial int fcntl(SafeHandle descriptor, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see Create.
    private static unsafe partial int socketpair(int family, int type, int protocol, int* ends);
}
