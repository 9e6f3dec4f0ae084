using System.Runtime.CompilerServices;
using System.Text;

namespace PipeServer.Http;

/// <summary>Recognises known header names, in any case (RFC 9110 §5.1): by length first, then by one comparison.</summary>
internal static class KnownHeaders
{
    public static KnownHeader Find(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 => Is(name, "Host"u8) ? KnownHeader.Host : Is(name, "Date"u8) ? KnownHeader.Date : KnownHeader.Other,
        6 => Is(name, "Expect"u8) ? KnownHeader.Expect
            : Is(name, "Server"u8) ? KnownHeader.Server : KnownHeader.Other,
        10 => Is(name, "Connection"u8) ? KnownHeader.Connection : KnownHeader.Other,
        12 => Is(name, "Content-Type"u8) ? KnownHeader.ContentType : KnownHeader.Other,
        14 => Is(name, "Content-Length"u8) ? KnownHeader.ContentLength
            : Is(name, "Content_Length"u8) ? KnownHeader.Lookalike : KnownHeader.Other,
        17 => Is(name, "Transfer-Encoding"u8) ? KnownHeader.TransferEncoding
            : Is(name, "Transfer_Encoding"u8) ? KnownHeader.Lookalike : KnownHeader.Other,
        _ => KnownHeader.Other,
    };

    // As most clients spell it; else the first letter, whatever its case, tells nearly all others of its length.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> known) =>
        name.SequenceEqual(known) || ((name[0] | 0x20) == (known[0] | 0x20) && Ascii.EqualsIgnoreCase(name, known));
}
