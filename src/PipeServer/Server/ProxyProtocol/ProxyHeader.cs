using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Numerics;
using System.Text;

namespace PipeServer.Server.ProxyProtocol;

/// <summary>
/// The header of the PROXY protocol, versions 1 and 2 (https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt): a pure function
/// from bytes to the addresses of both ends.
/// </summary>
/// <param name="Status">Whether there is a header.</param>
/// <param name="Length">With <see cref="ProxyHeaderStatus.Complete"/>: how many bytes it takes.</param>
/// <param name="Client">
/// With <see cref="ProxyHeaderStatus.Complete"/>: the client; null where the proxy speaks for itself or cannot say, and the peer's own address
/// holds.
/// </param>
/// <param name="Destination">With a <paramref name="Client"/>: the address that it has connected to; else null.</param>
internal readonly record struct ProxyHeader(ProxyHeaderStatus Status, int Length, IPEndPoint? Client, IPEndPoint? Destination = null)
{
    /// <summary>
    /// The longest header that is read, in bytes. Version 1 has 107 at most; in version 2 the addresses take 216, and the rest is what
    /// proxies add of TLS certificates.
    /// </summary>
    public const int MaxBytes = 4096;

    private const int MaxVersion1Bytes = 107;
    private const int Version2HeadBytes = 16;
    private const byte Crc32cType = 0x03;

    private static readonly ProxyHeader Partial = new(ProxyHeaderStatus.Partial, 0, null);
    private static readonly ProxyHeader Invalid = new(ProxyHeaderStatus.Invalid, 0, null);

    private static ReadOnlySpan<byte> Version1Start => "PROXY "u8;

    private static ReadOnlySpan<byte> Version2Start => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Reads the header at the start of a connection. Gives the same answer wherever the bytes are split.</summary>
    /// <param name="input">All bytes that have arrived.</param>
    public static ProxyHeader Parse(in ReadOnlySequence<byte> input)
    {
        if (input.IsSingleSegment)
        {
            return Parse(input.FirstSpan);
        }

        // One byte more than the longest is enough to see that it is exceeded.
        return Parse(input.Slice(0, Math.Min(input.Length, MaxBytes + 1)).ToArray());
    }

    private static ProxyHeader Parse(ReadOnlySpan<byte> bytes)
    {
        if (StartsLike(bytes, Version1Start))
        {
            return bytes.Length < Version1Start.Length ? Partial : ParseVersion1(bytes);
        }

        if (StartsLike(bytes, Version2Start))
        {
            return bytes.Length < Version2HeadBytes ? Partial : ParseVersion2(bytes);
        }

        return Invalid;
    }

    private static bool StartsLike(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> start) =>
        bytes.Length < start.Length ? start.StartsWith(bytes) : bytes.StartsWith(start);

    // §2.1: "PROXY" SP ( "TCP4" / "TCP6" ) SP source SP destination SP port SP port CRLF, or "PROXY" SP "UNKNOWN" and anything CRLF
    private static ProxyHeader ParseVersion1(ReadOnlySpan<byte> bytes)
    {
        var line = bytes[..Math.Min(bytes.Length, MaxVersion1Bytes)];
        var end = line.IndexOf("\r\n"u8);
        if (end < 0)
        {
            return bytes.Length < MaxVersion1Bytes && !line.TrimEnd((byte)'\r').ContainsAnyExceptInRange((byte)' ', (byte)'~') ? Partial : Invalid;
        }

        line = line[Version1Start.Length..end];
        if (line.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            return Invalid;
        }

        var length = end + 2;
        if (line.SequenceEqual("UNKNOWN"u8) || line.StartsWith("UNKNOWN "u8))
        {
            return new ProxyHeader(ProxyHeaderStatus.Complete, length, null);
        }

        var parts = Encoding.ASCII.GetString(line).Split(' ');
        var family = parts[0] switch
        {
            "TCP4" => AddressFamily.InterNetwork,
            "TCP6" => AddressFamily.InterNetworkV6,
            _ => AddressFamily.Unspecified,
        };
        return parts.Length == 5
            && TryReadAddress(parts[1], family, out var source)
            && TryReadAddress(parts[2], family, out var destination)
            && TryReadPort(parts[3], out var port)
            && TryReadPort(parts[4], out var destinationPort)
                ? new ProxyHeader(ProxyHeaderStatus.Complete, length, new IPEndPoint(source, port), new IPEndPoint(destination, destinationPort))
                : Invalid;
    }

    // §2.2: signature, version and command, family and transport, length, addresses, TLVs
    private static ProxyHeader ParseVersion2(ReadOnlySpan<byte> bytes)
    {
        var (version, command) = (bytes[12] >> 4, bytes[12] & 0xF);
        var length = Version2HeadBytes + BinaryPrimitives.ReadUInt16BigEndian(bytes[14..]);
        if (version != 2 || command > 1 || length > MaxBytes)
        {
            return Invalid;
        }

        if (command == 0)
        {
            // LOCAL: the proxy itself asks, for a health check; family and addresses mean nothing.
            return bytes.Length < length ? Partial : new ProxyHeader(ProxyHeaderStatus.Complete, length, null);
        }

        // UNSPEC, TCP over IPv4, TCP over IPv6, stream over a unix socket; HTTP needs a stream, so the others are refused.
        int? addressBytes = bytes[13] switch { 0x00 => 0, 0x11 => 12, 0x21 => 36, 0x31 => 216, _ => null };
        if (addressBytes is not { } addresses || length < Version2HeadBytes + addresses)
        {
            return Invalid;
        }

        if (bytes.Length < length)
        {
            return Partial;
        }

        var header = bytes[..length];
        if (!AreTlvsSound(header, Version2HeadBytes + addresses))
        {
            return Invalid;
        }

        var body = header[Version2HeadBytes..];
        var addressLength = addresses switch { 12 => 4, 36 => 16, _ => 0 }; // of each end; behind both come their ports
        return addressLength == 0
            ? new ProxyHeader(ProxyHeaderStatus.Complete, length, null)
            : new ProxyHeader(
                ProxyHeaderStatus.Complete,
                length,
                ReadEndPoint(body[..addressLength], body[(2 * addressLength)..]),
                ReadEndPoint(body.Slice(addressLength, addressLength), body[((2 * addressLength) + 2)..]));
    }

    // §2.2: type, length in two bytes, value; a checksum, where there is one, covers the whole header with zeros in its own place.
    private static bool AreTlvsSound(ReadOnlySpan<byte> header, int start)
    {
        for (var at = start; at < header.Length;)
        {
            if (header.Length - at < 3)
            {
                return false;
            }

            var (type, length) = (header[at], BinaryPrimitives.ReadUInt16BigEndian(header[(at + 1)..]));
            at += 3;
            if (length > header.Length - at
                || (type == Crc32cType && (length != 4 || BinaryPrimitives.ReadUInt32BigEndian(header[at..]) != Crc32c(header, at))))
            {
                return false;
            }

            at += length;
        }

        return true;
    }

    // RFC 9260 Appendix A, over the header with its four bytes from `checksum` on taken for zero.
    private static uint Crc32c(ReadOnlySpan<byte> header, int checksum)
    {
        var crc = uint.MaxValue;
        for (var at = 0; at < header.Length; at++)
        {
            crc = BitOperations.Crc32C(crc, at >= checksum && at < checksum + 4 ? (byte)0 : header[at]);
        }

        return ~crc;
    }

    private static IPEndPoint ReadEndPoint(ReadOnlySpan<byte> address, ReadOnlySpan<byte> port) =>
        new(new IPAddress(address), BinaryPrimitives.ReadUInt16BigEndian(port));

    private static bool TryReadAddress(string text, AddressFamily family, out IPAddress address)
    {
        // As the canonical text has it: no leading zeros, no brackets, no zone.
        var isAddress = IPAddress.TryParse(text, out var read) && read.AddressFamily == family && !text.AsSpan().ContainsAny('[', '%')
            && (family != AddressFamily.InterNetwork || read.ToString() == text);
        address = read ?? IPAddress.None;
        return isAddress;
    }

    private static bool TryReadPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port)
        && port <= IPEndPoint.MaxPort
        && (text.Length == 1 || text[0] != '0');
}
