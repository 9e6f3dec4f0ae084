using System.Text;

namespace PipeServer.Http;

/// <summary>Recognises known header names, in any case (RFC 9110 §5.1): by length first, then by one comparison.</summary>
internal static class KnownHeaders
{
    public static KnownHeader Find(ReadOnlySpan<byte> name) => name.Length switch
    {
        4 => Is(name, "host"u8) ? KnownHeader.Host : Is(name, "date"u8) ? KnownHeader.Date : KnownHeader.Other,
        6 => Is(name, "expect"u8) ? KnownHeader.Expect
            : Is(name, "server"u8) ? KnownHeader.Server : KnownHeader.Other,
        10 => Is(name, "connection"u8) ? KnownHeader.Connection : KnownHeader.Other,
        12 => Is(name, "content-type"u8) ? KnownHeader.ContentType : KnownHeader.Other,
        14 => Is(name, "content-length"u8) ? KnownHeader.ContentLength
            : Is(name, "content_length"u8) ? KnownHeader.Lookalike : KnownHeader.Other,
        17 => Is(name, "transfer-encoding"u8) ? KnownHeader.TransferEncoding
            : Is(name, "transfer_encoding"u8) ? KnownHeader.Lookalike : KnownHeader.Other,
        _ => KnownHeader.Other,
    };

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> known) => Ascii.EqualsIgnoreCase(name, known);
}
