using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace PipeServer.Platform;

/// <summary>
/// The error numbers of Linux that the server tells apart, the same on x64 and arm64, and what they are called in .NET.
/// Source: the kernel's include/uapi/asm-generic/errno-base.h and errno.h.
/// </summary>
internal static class Errno
{
    public const int EPERM = 1;
    public const int ENOENT = 2;
    public const int EINTR = 4;
    public const int EIO = 5;
    public const int EBADF = 9;
    public const int EAGAIN = 11;
    public const int ENOMEM = 12;
    public const int EACCES = 13;
    public const int EXDEV = 18;
    public const int ENOTDIR = 20;
    public const int EINVAL = 22;
    public const int ENFILE = 23;
    public const int EMFILE = 24;
    public const int EROFS = 30;
    public const int EPIPE = 32;
    public const int ELOOP = 40;
    public const int EPROTO = 71;
    public const int EAFNOSUPPORT = 97;
    public const int EADDRINUSE = 98;
    public const int EADDRNOTAVAIL = 99;
    public const int ENETDOWN = 100;
    public const int ENETUNREACH = 101;
    public const int ECONNABORTED = 103;
    public const int ECONNRESET = 104;
    public const int ENOBUFS = 105;
    public const int ENOTCONN = 107;
    public const int ETIMEDOUT = 110;
    public const int EHOSTUNREACH = 113;

    /// <summary>
    /// True for a failed accept that concerns one client, gone or unreachable before we took it: accept(2) passes its
    /// pending network errors on to us. The next client is waiting behind it.
    /// </summary>
    public static bool IsOfOneClient(int errno) => errno is
        ECONNABORTED or ECONNRESET or EPROTO or ENETDOWN or ENETUNREACH or EHOSTUNREACH or ETIMEDOUT or EINTR;

    /// <summary>The same where .NET has made the call, in its words.</summary>
    public static bool IsOfOneClient(SocketError error) => error is
        SocketError.ConnectionAborted or SocketError.ConnectionReset or SocketError.NetworkDown or SocketError.NetworkUnreachable
        or SocketError.HostDown or SocketError.HostUnreachable or SocketError.TimedOut;

    /// <summary>Throws if a call has failed.</summary>
    /// <exception cref="SocketException">The result is a negated error number.</exception>
    public static void ThrowOnError(int result, string call)
    {
        if (result < 0)
        {
            throw ToException(-result, call);
        }
    }

    /// <summary>The exception for a failed call, with the system's own words.</summary>
    public static SocketException ToException(int errno, string call) =>
        new((int)ToSocketError(errno), $"{call}: {Marshal.GetPInvokeErrorMessage(errno)}");

    private static SocketError ToSocketError(int errno) => errno switch
    {
        EACCES or EPERM or EROFS => SocketError.AccessDenied,
        ENOENT or ENOTDIR => SocketError.AddressNotAvailable, // the folder of a unix socket
        EINVAL => SocketError.InvalidArgument,
        ENFILE or EMFILE => SocketError.TooManyOpenSockets,
        ENOMEM or ENOBUFS => SocketError.NoBufferSpaceAvailable,
        EPIPE => SocketError.Shutdown,
        EAFNOSUPPORT => SocketError.AddressFamilyNotSupported,
        EADDRINUSE => SocketError.AddressAlreadyInUse,
        EADDRNOTAVAIL => SocketError.AddressNotAvailable,
        ECONNRESET => SocketError.ConnectionReset,
        ENOTCONN => SocketError.NotConnected,
        ETIMEDOUT => SocketError.TimedOut,
        _ => SocketError.SocketError,
    };
}
