using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PipeServer.Transport;

/// <summary>
/// What listening sockets can do beyond what .NET offers: take over one that was passed, and shut new clients out without closing.
/// Closing a listening socket resets the connections in its backlog and the handshakes that are under way, and between the last accept and
/// the close one more client can always come. Once clients are shut out, none begins a handshake any more, handshakes that have begun are
/// finished, and the backlog runs empty for good.
/// </summary>
internal static partial class ListeningSocket
{
    /// <summary>
    /// So many clients that are gone before they are accepted, one behind the other, are no clients: accepts fail for another reason, and the
    /// caller is to log that and to wait. More than a burst of clients that were reset while they were waiting.
    /// </summary>
    public const int MaxGoneClients = 256;

    private const int SOL_SOCKET = 1;
    private const int SO_ATTACH_FILTER = 26;
    private const int SO_TYPE = 3;
    private const int SO_ACCEPTCONN = 30;
    private const int SOCK_STREAM = 1;
    private const int SHUT_RD = 0;
    private const int IPPROTO_IPV6 = 41;
    private const int IPV6_V6ONLY = 26;
    private const int F_SETFD = 2;
    private const int FD_CLOEXEC = 1;

    // How long a handshake that has begun may take to finish: the way to a client and back, within a continent. This is real time, even
    // when the server has been given another clock, because the network does not follow that clock.
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Turns new clients away, and waits a moment for handshakes that have begun. Does nothing where the system does not support it, or
    /// the socket has been closed: the backlog is emptied in either case.
    /// </summary>
    /// <remarks>
    /// A client that comes meanwhile over TCP gets no answer. Its system tries again a second later. By then it is refused, or another
    /// server listens.
    /// </remarks>
    /// <param name="listener">A listening socket on which no other process listens.</param>
    /// <param name="endPoint">Where it listens.</param>
    public static async ValueTask TurnClientsAwayAsync(SafeHandle listener, EndPoint endPoint)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            if (endPoint is UnixDomainSocketEndPoint)
            {
                // Connecting to a Unix socket is one step: from here on it is refused, and clients that have connected stay in the backlog.
                _ = shutdown(listener, SHUT_RD);
            }
            else if (OperatingSystem.IsLinux() && TryAttachFilter(listener))
            {
                await Task.Delay(HandshakeTime).ConfigureAwait(false);
            }
        }
        catch (ObjectDisposedException)
        {
            // Closed a moment ago.
        }
    }

    /// <summary>
    /// Checks that a socket that the process was passed accepts connections that are streams, and keeps it from this process's children.
    /// </summary>
    /// <exception cref="SocketException">It is not such a socket.</exception>
    public static void TakeOver(SafeHandle passed)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var isListening = GetOption(passed, SOL_SOCKET, SO_ACCEPTCONN)
            ?? throw new EndPointException(SocketError.NotSocket, Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
        if (isListening == 0)
        {
            throw new EndPointException(SocketError.InvalidArgument, "it does not listen");
        }

        if (GetOption(passed, SOL_SOCKET, SO_TYPE) != SOCK_STREAM)
        {
            throw new EndPointException(SocketError.SocketNotSupported, "its connections are not streams");
        }

        if (fcntl(passed, F_SETFD, FD_CLOEXEC) < 0)
        {
            throw new EndPointException(SocketError.NotSocket, Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
        }
    }

    /// <summary>Where a passed socket listens, as its own address says and its options mean it.</summary>
    public static EndPoint? AddressOf(SafeHandle passed, EndPoint? local) =>
        local is IPEndPoint { Port: var port } ip && ip.Address.Equals(IPAddress.IPv6Any)
            && OperatingSystem.IsLinux() && GetOption(passed, IPPROTO_IPV6, IPV6_V6ONLY) == 1
                ? new IPv6OnlyEndPoint(port)
                : UnixSocketAddress.WithoutAmbiguity(local);

    // SAFETY: the value and its length live on this stack frame for the whole call.
    private static unsafe int? GetOption(SafeHandle socket, int level, int option)
    {
        var value = 0;
        var length = (uint)sizeof(int);
        return getsockopt(socket, level, option, &value, &length) == 0 ? value : null;
    }

    // Drops every segment that opens a connection (SYN without ACK).
    // SAFETY: the system copies the instructions during the call; they live on this stack frame.
    private static unsafe bool TryAttachFilter(SafeHandle listener)
    {
        // Classic BPF, as in linux/filter.h. A TCP socket's filter sees a segment from its TCP header on, and the header's byte 13 has the flags.
        var instructions = stackalloc Instruction[]
        {
            new(0x30, 0, 0, 13), // A = byte 13
            new(0x54, 0, 0, 0x12), // A &= SYN | ACK
            new(0x15, 0, 1, 0x02), // SYN alone?
            new(0x06, 0, 0, 0), // yes: keep nothing of it
            new(0x06, 0, 0, uint.MaxValue), // no: keep all of it
        };
        var program = new Program(5, instructions);
        return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(Program)) == 0;
    }

    // SAFETY: the value points at as many bytes as the length says, for the whole call.
    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int shutdown(SafeHandle descriptor, int how);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int setsockopt(SafeHandle descriptor, int level, int option, void* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    // SAFETY: see GetOption.
    private static unsafe partial int getsockopt(SafeHandle descriptor, int level, int option, void* value, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fcntl(SafeHandle descriptor, int command, int argument);

    // struct sock_filter
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Instruction(ushort code, byte ifTrue, byte ifFalse, uint operand)
    {
        public readonly ushort Code = code;
        public readonly byte IfTrue = ifTrue;
        public readonly byte IfFalse = ifFalse;
        public readonly uint Operand = operand;
    }

    // struct sock_fprog
    // SAFETY: the instructions live on the stack frame of TryAttach, as this value does.
    [StructLayout(LayoutKind.Sequential)]
    private readonly unsafe struct Program(ushort length, Instruction* instructions)
    {
        public readonly ushort Length = length;
        public readonly Instruction* Instructions = instructions;
    }
}
