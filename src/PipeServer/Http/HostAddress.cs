using System.Buffers.Binary;
using System.Net;

namespace PipeServer.Http;

/// <summary>
/// The address of a host as a number, to be compared and counted without an object: the 128 bits of an IPv6 address. An IPv4 address is the one
/// that is mapped to IPv6 (RFC 4291 §2.5.5.2), so that both spellings of it are the same host. There is no zone.
/// </summary>
/// <param name="Value">The bits.</param>
internal readonly record struct HostAddress(UInt128 Value)
{
    private const int AddressBytes = 16;
    private const int IPv4Bytes = 4;
    private const uint MappedPrefix = 0xFFFF;

    /// <summary>True for an IPv4 address.</summary>
    public bool IsIPv4 => Value >> 32 == MappedPrefix;

    /// <summary>The same address as a number; what zone it is of is left out.</summary>
    public static HostAddress Of(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[AddressBytes];
        address.TryWriteBytes(bytes, out var written);
        return written == IPv4Bytes
            ? OfIPv4(BinaryPrimitives.ReadUInt32BigEndian(bytes))
            : new HostAddress(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>Reads an address as RFC 3986 §3.2.2 has it: no zone, no brackets, no leading zeros and no octal numbers.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out HostAddress address)
    {
        if (IPv6Address.TryParseIPv4(text, out var number))
        {
            address = OfIPv4(number);
            return true;
        }

        var isIPv6 = IPv6Address.TryParse(text, out var value);
        address = new HostAddress(value);
        return isIPv6;
    }

    /// <summary>The address as an object.</summary>
    public IPAddress ToIPAddress()
    {
        Span<byte> bytes = stackalloc byte[AddressBytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Value);
        return new IPAddress(IsIPv4 ? bytes[^IPv4Bytes..] : bytes);
    }

    private static HostAddress OfIPv4(uint number) => new(((UInt128)MappedPrefix << 32) | number);
}
