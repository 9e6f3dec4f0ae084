using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// The calls that an open connection lives by: the man page of each says what it takes and returns. They return the result or a negated
/// error number, so that no caller has to fetch errno, or can fetch it too late.
/// </summary>
/// <remarks>
/// <para>
/// Those of the request path take the bare number: counting references costs as much as the rest of such a call. The connection holds the
/// handle for its whole life and closes it when nobody is inside a call (<see cref="EpollConnection.DisposeAsync"/>).
/// </para>
/// <para>
/// Those that never wait and move at most a block go into the system without telling the garbage collector: it waits for a
/// microsecond, and errno is still there when the call is back.
/// </para>
/// </remarks>
internal static partial class Libc
{
    public const int SHUT_WR = 1;
    public const int SHUT_RDWR = 2;

    /// <summary>The most pieces that <see cref="SendMessage"/> is given at once: more than a batch has, fewer than IOV_MAX.</summary>
    public const int MaxPieces = 64;

    // What is longer is copied for so long that a garbage collection must not wait for it.
    private const int MaxShortBytes = 64 * 1024;

    private const int SOL_SOCKET = 1;
    private const int SO_LINGER = 13;
    private const int IPPROTO_TCP = 6;
    private const int MSG_NOSIGNAL = 0x4000;
    private const int MSG_MORE = 0x8000;
    private const nuint SIOCOUTQ = 0x5411;
    private const nuint SIOCOUTQNSD = 0x894B;

    /// <summary>
    /// The seam for tests of what the system does once in a blue moon: asked before each call of the loops and connections;
    /// null outside such tests, which costs the request path a comparison for each system call.
    /// </summary>
    internal static SystemCallFault? Fault { get; set; }

    // By number, because glibc's recv and send also make ready for a thread that is cancelled in the middle, which .NET's are not.
    private static nint SYS_recvfrom
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 45 : 207;
    }

    private static nint SYS_sendto
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 44 : 206;
    }

    /// <summary>Receives into a block, a large one at most.</summary>
    // SAFETY: the caller's block is pinned and the caller's alone; length is within it.
    public static unsafe int Receive(int descriptor, byte* buffer, int length) =>
        Fault?.Invoke(SystemCall.Receive, ref length) is < 0 and var error
            ? error
            : OrSystemError(transfer(SYS_recvfrom, descriptor, buffer, length, 0, 0, 0));

    // SAFETY: as for Receive.
    public static unsafe int Send(int descriptor, byte* buffer, int length, bool isMoreToCome)
    {
        if (Fault?.Invoke(SystemCall.Send, ref length) is < 0 and var error)
        {
            return error;
        }

        return length <= MaxShortBytes
            ? OrSystemError(transfer(SYS_sendto, descriptor, buffer, length, SendFlags(isMoreToCome), 0, 0))
            : SendLong(descriptor, buffer, length, isMoreToCome);
    }

    // SAFETY: as for Receive. Apart, so that the short way carries nothing of it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static unsafe int SendLong(int descriptor, byte* buffer, int length, bool isMoreToCome) =>
        OrError((int)send(descriptor, buffer, (nuint)length, SendFlags(isMoreToCome)));

    /// <summary>Sends several pieces with one call.</summary>
    // SAFETY: the pieces point into pinned blocks of the caller; the header lives on this stack frame for the whole call.
    public static unsafe int SendMessage(int descriptor, Piece* pieces, int count, bool isMoreToCome)
    {
        var length = int.MaxValue;
        var error = Fault?.Invoke(SystemCall.Send, ref length) ?? 0;
        if (length < (int)pieces[0].Length)
        {
            // A fault that cuts the send short: it takes less than it could.
            pieces[0].Length = (nuint)length;
            count = 1;
        }

        var message = new MessageHeader { Pieces = pieces, PieceCount = (nuint)count };
        return error < 0 ? error : OrError((int)sendmsg(descriptor, &message, SendFlags(isMoreToCome)));
    }

    /// <summary>
    /// Sends a part of a file straight from the system's cache of it; like <see cref="Send"/>, never waits for the client, but
    /// it may wait for the disk.
    /// </summary>
    // SAFETY: the offset lives on this stack frame for the whole call.
    public static unsafe int SendFile(int descriptor, SafeFileHandle file, long offset, int count) =>
        Fault?.Invoke(SystemCall.Send, ref count) is < 0 and var error ? error : OrError((int)sendfile(descriptor, file, &offset, (nuint)count));

    // SAFETY: struct linger is two ints, here on this stack frame: on, and zero seconds.
    public static unsafe int SetZeroLinger(Descriptor descriptor)
    {
        var linger = stackalloc int[] { 1, 0 };
        return OrError(setsockopt(descriptor, SOL_SOCKET, SO_LINGER, linger, 2 * sizeof(int)));
    }

    /// <summary>Dissolves a TCP connection at once: the client gets a reset, the descriptor stays ours.</summary>
    // SAFETY: struct sockaddr is 16 bytes, here on this stack frame, all zero: the family AF_UNSPEC.
    public static unsafe int Disconnect(Descriptor descriptor)
    {
        var unspecified = stackalloc byte[16];
        new Span<byte>(unspecified, 16).Clear();
        return OrError(connect(descriptor, unspecified, 16));
    }

    public static int Shutdown(Descriptor descriptor, int how) => OrError(shutdown(descriptor, how));

    /// <summary>How many bytes its client has acknowledged; null where that is not told: it is no TCP, or closed.</summary>
    // SAFETY: the buffer and its length live on this stack frame for the whole call.
    public static unsafe long? AcknowledgedBytes(int descriptor)
    {
        var info = stackalloc byte[TcpInfo.Bytes];
        var length = (uint)TcpInfo.Bytes;
        return getsockopt(descriptor, IPPROTO_TCP, TcpInfo.Option, info, &length) == 0 && length == TcpInfo.Bytes
            ? TcpInfo.AcknowledgedBytes(new ReadOnlySpan<byte>(info, TcpInfo.Bytes))
            : null;
    }

    /// <summary>How much of what a socket was given its client has not acknowledged yet; 0 when that cannot be told.</summary>
    // SAFETY: the number lives on this stack frame for the whole call.
    public static unsafe int UnsentBytes(int descriptor)
    {
        var bytes = 0;
        return ioctl(descriptor, SIOCOUTQ, &bytes) < 0 ? 0 : bytes;
    }

    /// <summary>True when all that a TCP socket was given has left for its client, a half-close included.</summary>
    // SAFETY: as in UnsentBytes.
    public static unsafe bool HasAllLeft(int descriptor)
    {
        var bytes = 0;
        return ioctl(descriptor, SIOCOUTQNSD, &bytes) == 0 && bytes == 0;
    }

    public static int Close(int descriptor) => close(descriptor);

    /// <summary>The result of a call that was declared to keep errno, or what errno says, negated.</summary>
    public static int OrError(int result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    // Right behind a call of which the garbage collector knows nothing, errno is still that call's.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int OrSystemError(nint result) => result < 0 ? -Marshal.GetLastSystemError() : (int)result;

    // With more to come the system waits for it with a packet that is not full.
    private static int SendFlags(bool isMoreToCome) => isMoreToCome ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;

    // recvfrom or sendto without an address. Their sockets are O_NONBLOCK from accept4 on.
    [LibraryImport("libc", EntryPoint = "syscall")]
    [SuppressGCTransition]
    // SAFETY: see Receive and Send.
    private static unsafe partial nint transfer(nint number, nint descriptor, byte* buffer, nint length, nint flags, nint address, nint addressBytes);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see Send.
    private static unsafe partial nint send(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see SendMessage.
    private static unsafe partial nint sendmsg(int descriptor, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see SendFile.
    private static unsafe partial nint sendfile(int descriptor, SafeFileHandle file, long* offset, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see SetZeroLinger.
    private static unsafe partial int setsockopt(Descriptor descriptor, int level, int option, void* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see Disconnect.
    private static unsafe partial int connect(Descriptor descriptor, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(Descriptor descriptor, int how);

    [LibraryImport("libc")]
    // SAFETY: see AcknowledgedBytes.
    private static unsafe partial int getsockopt(int descriptor, int level, int option, byte* value, uint* length);

    [LibraryImport("libc")]
    // SAFETY: see UnsentBytes.
    private static unsafe partial int ioctl(int descriptor, nuint request, int* value);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    /// <summary><c>struct iovec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    // SAFETY: holds what its owner puts in; SendMessage tells the rules.
    internal unsafe struct Piece
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary><c>struct msghdr</c> of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    // SAFETY: filled in and used by SendMessage alone; the field order and sizes are glibc's and, zero-extended, musl's.
    private unsafe struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public Piece* Pieces;
        public nuint PieceCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
