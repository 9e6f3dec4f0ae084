using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// Every call of this transport into the system, and nothing else: the man page of each says what it takes and returns. They return
/// the result or a negated error number, so that no caller has to fetch errno, or can fetch it too late.
/// </summary>
/// <remarks>Numbers from the kernel's uapi headers; those used here are the same on x64 and arm64.</remarks>
internal static partial class Libc
{
    public const int SOCK_STREAM = 1;
    public const int SHUT_WR = 1;
    public const int SHUT_RDWR = 2;
    public const int SOL_SOCKET = 1;
    public const int SO_REUSEADDR = 2;
    public const int SO_LINGER = 13;
    public const int SO_REUSEPORT = 15;
    public const int IPPROTO_TCP = 6;
    public const int TCP_NODELAY = 1;
    public const int IPPROTO_IPV6 = 41;
    public const int IPV6_V6ONLY = 26;

    public const uint EPOLLIN = 0x1;
    public const uint EPOLLPRI = 0x2;
    public const uint EPOLLOUT = 0x4;
    public const uint EPOLLERR = 0x8;
    public const uint EPOLLHUP = 0x10;
    public const uint EPOLLRDHUP = 0x2000;
    public const uint EPOLLET = 1u << 31;

    /// <summary>The most pieces that <see cref="SendMessage"/> is given at once: more than a batch has, fewer than IOV_MAX.</summary>
    public const int MaxPieces = 64;

    /// <summary>
    /// The seam for tests of what the system does once in a blue moon: asked before each call of the loops and connections;
    /// null outside such tests, which costs the request path a comparison for each system call.
    /// </summary>
    internal static SystemCallFault? Fault { get; set; }

    private const int SOCK_NONBLOCK = 0x800;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int EPOLL_CLOEXEC = 0x80000;
    private const int EFD_FLAGS = SOCK_NONBLOCK | SOCK_CLOEXEC;
    private const int EPOLL_CTL_ADD = 1;
    private const int F_GETFL = 3;
    private const int F_SETFL = 4;
    private const int MSG_NOSIGNAL = 0x4000;
    private const int MSG_MORE = 0x8000;
    private const int POSIX_FADV_WILLNEED = 3;
    private const int RWF_NOWAIT = 0x8;
    private const nuint SIOCOUTQ = 0x5411;

    private static int SYS_preadv2 => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 327 : 286;

    /// <summary>
    /// One <c>struct epoll_event</c>: 12 bytes on x64, where the kernel packs it, 16 on arm64, where it does not.
    /// </summary>
    public static int EpollEventBytes => RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private static int EpollDataOffset => EpollEventBytes - sizeof(ulong);

    public static int EpollCreate(out Descriptor epoll)
    {
        var result = epoll_create1(EPOLL_CLOEXEC);
        epoll = new Descriptor(result);
        return OrError(result);
    }

    public static int EventFd(out Descriptor descriptor)
    {
        var result = eventfd(0, EFD_FLAGS);
        descriptor = new Descriptor(result);
        return OrError(result);
    }

    // SAFETY: the event lives on this stack frame for the whole call, and has room for the larger of the two layouts.
    public static unsafe int EpollAdd(Descriptor epoll, Descriptor descriptor, uint events, ulong data)
    {
        var buffer = stackalloc byte[16];
        Unsafe.WriteUnaligned(buffer, events);
        Unsafe.WriteUnaligned(buffer + EpollDataOffset, data);
        var unused = 0;
        return Fault?.Invoke(SystemCall.EpollControl, ref unused) is < 0 and var error ? error : OrError(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, buffer));
    }

    // SAFETY: the span says how many whole events fit, and is pinned for the call.
    public static unsafe int EpollWait(Descriptor epoll, Span<byte> events, int timeoutMilliseconds)
    {
        fixed (byte* first = events)
        {
            var unused = 0;
            return Fault?.Invoke(SystemCall.EpollWait, ref unused) is < 0 and var error
                ? error
                : OrError(epoll_wait(epoll, first, events.Length / EpollEventBytes, timeoutMilliseconds));
        }
    }

    /// <summary>Reads the event at an index of what <see cref="EpollWait"/> filled.</summary>
    public static (uint Events, ulong Data) EpollEvent(ReadOnlySpan<byte> events, int index)
    {
        var one = events.Slice(index * EpollEventBytes, EpollEventBytes);
        return (MemoryMarshal.Read<uint>(one), MemoryMarshal.Read<ulong>(one[EpollDataOffset..]));
    }

    // SAFETY: eight bytes on this stack frame, which is what an eventfd takes.
    public static unsafe void EventFdSignal(Descriptor eventFd)
    {
        var one = 1UL;
        _ = write(eventFd, &one, sizeof(ulong));
    }

    // SAFETY: eight bytes on this stack frame, which is what an eventfd gives.
    public static unsafe void EventFdClear(Descriptor eventFd)
    {
        ulong count;
        _ = read(eventFd, &count, sizeof(ulong));
    }

    public static int Socket(int family, int protocol, out Descriptor descriptor)
    {
        var result = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
        descriptor = new Descriptor(result);
        return OrError(result);
    }

    // SAFETY: the span is pinned for the call, and its length is passed with it.
    public static unsafe int Bind(Descriptor descriptor, ReadOnlySpan<byte> address)
    {
        fixed (byte* first = address)
        {
            return OrError(bind(descriptor, first, address.Length));
        }
    }

    public static int Listen(Descriptor descriptor, int backlog) => OrError(listen(descriptor, backlog));

    /// <summary>Fills in as much of the socket's own address as there is room for; its length.</summary>
    // SAFETY: the span is pinned for the call, its length bounds what is written.
    public static unsafe int LocalAddress(Descriptor descriptor, Span<byte> address)
    {
        fixed (byte* first = address)
        {
            var size = address.Length;
            var result = OrError(getsockname(descriptor, first, &size));
            return result < 0 ? result : size;
        }
    }

    /// <summary>Accepts one connection, non-blocking; fills in as much of the client's address as there is room for.</summary>
    // SAFETY: the span is pinned for the call, and its length bounds what is written.
    public static unsafe int Accept(Descriptor listener, Span<byte> address)
    {
        fixed (byte* first = address)
        {
            var size = address.Length;
            var unused = 0;
            return Fault?.Invoke(SystemCall.Accept, ref unused) is < 0 and var error
                ? error
                : OrError(accept4(listener, first, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        }
    }

    // SAFETY: the value lives on this stack frame for the whole call.
    public static unsafe int SetOption(Descriptor descriptor, int level, int option, int value) =>
        OrError(setsockopt(descriptor, level, option, &value, sizeof(int)));

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

    /// <summary>Gives a passed socket what our own have from the start: calls never wait.</summary>
    public static int SetNonBlocking(Descriptor descriptor)
    {
        var flags = OrError(fcntl(descriptor, F_GETFL, 0));
        return flags < 0 ? flags : OrError(fcntl(descriptor, F_SETFL, flags | SOCK_NONBLOCK));
    }

    public static int Shutdown(Descriptor descriptor, int how) => OrError(shutdown(descriptor, how));

    // The three calls of the request path take the bare number: counting references four times a request cost 1 to 2 % (6.54
    // against 6.64 µs of CPU a request, medians of four). The connection holds one reference for its whole life instead.

    // SAFETY: the caller's block is pinned and the caller's alone; length is within it.
    public static unsafe int Receive(int descriptor, byte* buffer, int length) =>
        Fault?.Invoke(SystemCall.Receive, ref length) is < 0 and var error ? error : OrError((int)recv(descriptor, buffer, (nuint)length, 0));

    // SAFETY: as for Receive.
    public static unsafe int Send(int descriptor, byte* buffer, int length, bool isMoreToCome) =>
        Fault?.Invoke(SystemCall.Send, ref length) is < 0 and var error
            ? error
            : OrError((int)send(descriptor, buffer, (nuint)length, SendFlags(isMoreToCome)));

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

    /// <summary>Asks for a part of a file to be read ahead. A hint: nobody waits, and nothing depends on it.</summary>
    public static void ReadAhead(SafeFileHandle file, long offset, long count) => _ = posix_fadvise(file, offset, count, POSIX_FADV_WILLNEED);

    /// <summary>
    /// Whether the system has a part of a file in its cache, as far as its first and its last byte tell. False where the
    /// system cannot say.
    /// </summary>
    public static bool IsInCache(SafeFileHandle file, long offset, int count) =>
        IsInCache(file, offset) && IsInCache(file, offset + count - 1);

    // SAFETY: one byte and what describes it, on this stack frame for the whole call.
    private static unsafe bool IsInCache(SafeFileHandle file, long offset)
    {
        byte one;
        var piece = new Piece { Start = &one, Length = 1 };
        return syscall(SYS_preadv2, file, &piece, 1, (nint)offset, 0, RWF_NOWAIT) == 1;
    }

    public static int Close(int descriptor) => close(descriptor);

    // With more to come the system waits for it with a packet that is not full.
    private static int SendFlags(bool isMoreToCome) => isMoreToCome ? MSG_NOSIGNAL | MSG_MORE : MSG_NOSIGNAL;

    private static int OrError(int result) => result < 0 ? -Marshal.GetLastPInvokeError() : result;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see EpollAdd.
    private static unsafe partial int epoll_ctl(Descriptor epoll, int operation, Descriptor descriptor, byte* epollEvent);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see EpollWait.
    private static unsafe partial int epoll_wait(Descriptor epoll, byte* events, int maxEvents, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see Bind.
    private static unsafe partial int bind(Descriptor descriptor, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(Descriptor descriptor, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(Descriptor descriptor, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see LocalAddress.
    private static unsafe partial int getsockname(Descriptor descriptor, byte* address, int* length);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see Accept.
    private static unsafe partial int accept4(Descriptor descriptor, byte* address, int* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see SetOption and SetZeroLinger.
    private static unsafe partial int setsockopt(Descriptor descriptor, int level, int option, void* value, int length);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see Disconnect.
    private static unsafe partial int connect(Descriptor descriptor, byte* address, int length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(Descriptor descriptor, int how);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see Receive.
    private static unsafe partial nint recv(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see Send.
    private static unsafe partial nint send(int descriptor, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see SendMessage.
    private static unsafe partial nint sendmsg(int descriptor, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see SendFile.
    private static unsafe partial nint sendfile(int descriptor, SafeFileHandle file, long* offset, nuint count);

    [LibraryImport("libc")]
    // SAFETY: see AcknowledgedBytes.
    private static unsafe partial int getsockopt(int descriptor, int level, int option, byte* value, uint* length);

    [LibraryImport("libc")]
    // SAFETY: see UnsentBytes.
    private static unsafe partial int ioctl(int descriptor, nuint request, int* value);

    [LibraryImport("libc")]
    // SAFETY: see IsInCache.
    private static unsafe partial nint syscall(nint number, SafeFileHandle file, Piece* pieces, nint count, nint low, nint high, nint flags);

    [LibraryImport("libc")]
    private static partial int posix_fadvise(SafeFileHandle file, long offset, long count, int advice);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see EventFdClear.
    private static unsafe partial nint read(Descriptor descriptor, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    // SAFETY: see EventFdSignal.
    private static unsafe partial nint write(Descriptor descriptor, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
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
