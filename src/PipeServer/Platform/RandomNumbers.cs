using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PipeServer.Platform;

/// <summary>
/// The system's random numbers, which nobody can guess: by getrandom(2) on Linux, which needs no /dev/urandom, as the runtime does, and so
/// works in a chroot(2) or a container without a /dev. Thread-safe.
/// </summary>
internal static partial class RandomNumbers
{
    private const int PieceBytes = 16; // of a Guid

    /// <summary>So many random bytes.</summary>
    /// <exception cref="IOException">The system has none: no call, and no device.</exception>
    public static byte[] Bytes(int count)
    {
        var bytes = new byte[count];
        Fill(bytes);
        return bytes;
    }

    /// <summary>A random number of 64 bits.</summary>
    /// <exception cref="IOException">As above.</exception>
    public static ulong Next() => BitConverter.ToUInt64(Bytes(sizeof(ulong)));

    private static void Fill(Span<byte> bytes)
    {
        if (OperatingSystem.IsLinux() && TryFillBySystemCall(bytes))
        {
            return;
        }

        try
        {
#pragma warning disable RS0030 // The one place that may fall back on it. Six of its bits are not random.
            for (; !bytes.IsEmpty; bytes = bytes[Math.Min(PieceBytes, bytes.Length)..])
            {
                Guid.NewGuid().ToByteArray().AsSpan(0, Math.Min(PieceBytes, bytes.Length)).CopyTo(bytes);
            }
#pragma warning restore RS0030
        }
        catch (CryptographicException exception)
        {
            throw new IOException(
                "The system gives no random numbers: getrandom(2) is refused, and there is no /dev/urandom. Let the process have one of the two.", exception);
        }
    }

    // SAFETY: the system writes at most as many bytes as it is given, into the span, which is pinned meanwhile.
    private static unsafe bool TryFillBySystemCall(Span<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                nint filled;
                fixed (byte* start = bytes)
                {
                    filled = getrandom(start, (nuint)bytes.Length, flags: 0);
                }

                if (filled < 0 && Marshal.GetLastSystemError() != Errno.EINTR)
                {
                    return false; // an old system, or a filter of system calls
                }

                bytes = bytes[(int)Math.Max(0, filled)..];
            }

            return true;
        }
        catch (EntryPointNotFoundException)
        {
            return false;
        }
    }

    [LibraryImport("libc")]
    // SAFETY: see TryFillBySystemCall.
    private static unsafe partial nint getrandom(byte* buffer, nuint length, uint flags);
}
