using System.Runtime.InteropServices;

namespace PipeServer.Transport.Epoll;

/// <summary>
/// What it takes to listen, and to accept: the man page of each call says what it takes and returns; all return the result or a
/// negated error number.
/// </summary>
internal static partial class ListenCalls
{
    public const int SOCK_STREAM = 1;
    public const int SOL_SOCKET = 1;
    public const int SO_REUSEADDR = 2;
    public const int SO_REUSEPORT = 15;
    public const int IPPROTO_TCP = 6;
    public const int TCP_NODELAY = 1;
    public const int IPPROTO_IPV6 = 41;
    public const int IPV6_V6ONLY = 26;

    private const int SOCK_NONBLOCK = 0x800;
    private const int SOCK_CLOEXEC = 0x80000;
    private const int F_GETFL = 3;
    private const int F_SETFL = 4;

    public static int Socket(int family, int protocol, out Descriptor descriptor)
    {
        var result = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
        descriptor = new Descriptor(result);
        return Libc.OrError(result);
    }

    // SAFETY: the span is pinned for the call, and its length is passed with it.
    public static unsafe int Bind(Descriptor descriptor, ReadOnlySpan<byte> address)
    {
        fixed (byte* first = address)
        {
            return Libc.OrError(bind(descriptor, first, address.Length));
        }
    }

    public static int Listen(Descriptor descriptor, int backlog) => Libc.OrError(listen(descriptor, backlog));

    /// <summary>Fills in as much of the socket's own address as there is room for; its length.</summary>
    // SAFETY: the span is pinned for the call, its length bounds what is written.
    public static unsafe int LocalAddress(Descriptor descriptor, Span<byte> address)
    {
        fixed (byte* first = address)
        {
            var size = address.Length;
            var result = Libc.OrError(getsockname(descriptor, first, &size));
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
            return Libc.Fault?.Invoke(SystemCall.Accept, ref unused) is < 0 and var error
                ? error
                : Libc.OrError(accept4(listener, first, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
        }
    }

    // SAFETY: the value lives on this stack frame for the whole call.
    public static unsafe int SetOption(Descriptor descriptor, int level, int option, int value) =>
        Libc.OrError(setsockopt(descriptor, level, option, &value, sizeof(int)));

    /// <summary>Gives a passed socket what our own have from the start: calls never wait.</summary>
    public static int SetNonBlocking(Descriptor descriptor)
    {
        var flags = Libc.OrError(fcntl(descriptor, F_GETFL, 0));
        return flags < 0 ? flags : Libc.OrError(fcntl(descriptor, F_SETFL, flags | SOCK_NONBLOCK));
    }

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
    // SAFETY: see SetOption.
    private static unsafe partial int setsockopt(Descriptor descriptor, int level, int option, void* value, int length);
}
