using System.Buffers;
using System.Text;
using PipeServer.Server.ProxyProtocol;

namespace PipeServer.Tests.Server;

/// <summary>The header of the PROXY protocol, each case whole, at every split, and followed by a request.</summary>
public sealed class ProxyHeaderTests
{
    private const string Behind = "GET / HTTP/1.1\r\n";

    // Made by an independent implementation (python3, zlib-free CRC-32C): PROXY over TCP/IPv4, 192.0.2.1:1234 → 192.0.2.2:80, with
    // the checksum of RFC 9260 and an authority.
    private const string WithChecksum =
        "0D0A0D0A000D0A515549540A2111001B" + "C0000201C000020204D20050" + "030004" + "%CRC%" + "020005" + "612E636F6D";

    public static TheoryData<string, string?> Version1 => new()
    {
        { "PROXY TCP4 192.0.2.1 192.0.2.2 1234 80", "192.0.2.1:1234" },
        { "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535", "255.255.255.255:65535" },
        { "PROXY TCP6 2001:db8::1 2001:db8::2 1234 80", "[2001:db8::1]:1234" },
        { "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535" },
        { "PROXY TCP4 192.0.2.1 192.0.2.2 0 0", "192.0.2.1:0" },
        { "PROXY UNKNOWN", null },
        { "PROXY UNKNOWN ffff::1 ffff::2 65535 65535", null },
    };

    public static TheoryData<string> Broken1 =>
    [
        "PROXY TCP4 192.0.2.1 192.0.2.2 1234", "PROXY TCP4 192.0.2.1 192.0.2.2 1234 80 ", "PROXY  TCP4 192.0.2.1 192.0.2.2 1234 80",
        "PROXY TCP4 192.0.2.01 192.0.2.2 1234 80", "PROXY TCP4 192.0.2 192.0.2.2 1234 80", "PROXY TCP4 2001:db8::1 192.0.2.2 1234 80",
        "PROXY TCP6 192.0.2.1 192.0.2.2 1234 80", "PROXY TCP6 [::1] ::1 1 1", "PROXY TCP6 fe80::1%1 ::1 1 1",
        "PROXY TCP4 192.0.2.1 192.0.2.2 01 80", "PROXY TCP4 192.0.2.1 192.0.2.2 65536 80", "PROXY TCP4 192.0.2.1 192.0.2.2 -1 80",
        "PROXY TCP4 192.0.2.1 192.0.2.2 +1 80", "PROXY tcp4 192.0.2.1 192.0.2.2 1 80", "PROXY UDP4 192.0.2.1 192.0.2.2 1 80", "PROXY ",
        "PROXY UNKNOWNX", "PROXY UNKNOWN \t", "proxy TCP4 192.0.2.1 192.0.2.2 1 80", "GET / HTTP/1.1", "\0",
    ];

    public static TheoryData<string, string?> Version2 => new()
    {
        { "2111000C C0000201 C0000202 04D2 0050", "192.0.2.1:1234" },
        { "21110013 C0000201 C0000202 04D2 0050 040004 00000000", "192.0.2.1:1234" }, // a TLV that says nothing (NOOP)
        { "21210024 20010DB8000000000000000000000001 20010DB8000000000000000000000002 04D2 0050", "[2001:db8::1]:1234" },
        { "213100D8" + new string('0', 2 * 216), null },
        { "21000000", null },
        { "21000007 040004 00000000", null },
        { "20000000", null },
        { "2011000C C0000201 C0000202 04D2 0050", null }, // LOCAL: addresses say nothing
        { "20110000", null },
        { "2012000C C0000201 C0000202 04D2 0050", null }, { "20FF0000", null }, // and neither does the family, which was refused
    };

    public static TheoryData<string> Broken2 =>
    [
        "1111000C C0000201 C0000202 04D2 0050", "3111000C C0000201 C0000202 04D2 0050", // versions
        "2211000C C0000201 C0000202 04D2 0050", // a command that is neither
        "2112000C C0000201 C0000202 04D2 0050", "2141000C C0000201 C0000202 04D2 0050", // datagrams, no such family
        "2111000B C0000201 C0000202 04D2 00", "21210023" + new string('0', 70), "213100D7" + new string('0', 2 * 215), // too short for their addresses
        "2111000E C0000201 C0000202 04D2 0050 0400", "21110010 C0000201 C0000202 04D2 0050 040005 00", // TLVs that do not fit
        "21110013 C0000201 C0000202 04D2 0050 030004 00000000", "21110011 C0000201 C0000202 04D2 0050 030002 0000", // checksums
        "21111000" + new string('0', 2 * 0x1000), // longer than is read
    ];

    [Theory]
    [MemberData(nameof(Version1))]
    public void A_line_of_version_1_names_the_client(string line, string? client) => AssertComplete(Encoding.ASCII.GetBytes(line + "\r\n"), client);

    [Theory]
    [MemberData(nameof(Broken1))]
    public void Anything_else_is_refused(string line) => AssertInvalid(Encoding.Latin1.GetBytes(line + "\r\n"));

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 192.0.2.2 1234 80\n")]
    [InlineData("PROXY TCP4 192.0.2.1\r192.0.2.2 1234 80\r\n")]
    public void A_line_ends_with_both_its_characters(string text) => AssertInvalid(Encoding.ASCII.GetBytes(text));

    [Theory]
    [InlineData(107, true)]
    [InlineData(108, false)]
    public void A_line_has_107_bytes_at_the_most(int length, bool isRead)
    {
        var line = Encoding.ASCII.GetBytes("PROXY UNKNOWN ".PadRight(length - 2, 'x') + "\r\n");
        if (isRead)
        {
            AssertComplete(line, null);
        }
        else
        {
            AssertInvalid(line);
        }
    }

    [Theory]
    [MemberData(nameof(Version2))]
    public void A_header_of_version_2_names_the_client(string hex, string? client) => AssertComplete(Binary(hex), client);

    [Theory]
    [MemberData(nameof(Broken2))]
    public void A_broken_header_of_version_2_is_refused(string hex) => AssertInvalid(Binary(hex));

    [Fact]
    public void A_checksum_is_checked()
    {
        var header = Convert.FromHexString(WithChecksum.Replace("%CRC%", "00000000"));
        var crc = Crc32cBitByBit(header);
        var text = WithChecksum.Replace("%CRC%", crc.ToString("X8"));
        AssertComplete(Convert.FromHexString(text), "192.0.2.1:1234");
        AssertInvalid(Convert.FromHexString(WithChecksum.Replace("%CRC%", (crc ^ 1).ToString("X8"))));
    }

    // RFC 9260 Appendix A, from the polynomial alone.
    private static uint Crc32cBitByBit(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) == 0 ? 0 : 0x82F63B78);
            }
        }

        return ~crc;
    }

    private static byte[] Binary(string hex) => [.. "\r\n\r\n\0\r\nQUIT\n"u8, .. Convert.FromHexString(hex.Replace(" ", ""))];

    private static void AssertComplete(byte[] header, string? client)
    {
        byte[] all = [.. header, .. Encoding.ASCII.GetBytes(Behind)];
        for (var length = 0; length < header.Length; length++)
        {
            Assert.Equal(ProxyHeaderStatus.Partial, Parse(all.AsMemory(0, length)).Status);
        }

        for (var split = 0; split <= header.Length; split++)
        {
            var parsed = ProxyHeader.Parse(TwoPieces(all, split));
            Assert.Equal((ProxyHeaderStatus.Complete, header.Length, client), (parsed.Status, parsed.Length, parsed.Client?.ToString()));
        }
    }

    // Invalid when it is whole, and never complete before.
    private static void AssertInvalid(byte[] header)
    {
        Assert.Equal(ProxyHeaderStatus.Invalid, Parse(header).Status);
        for (var length = 0; length < header.Length; length++)
        {
            Assert.NotEqual(ProxyHeaderStatus.Complete, Parse(header.AsMemory(0, length)).Status);
        }
    }

    private static ProxyHeader Parse(ReadOnlyMemory<byte> bytes) => ProxyHeader.Parse(new ReadOnlySequence<byte>(bytes));

    private static ReadOnlySequence<byte> TwoPieces(byte[] bytes, int split)
    {
        var first = new Piece(bytes.AsMemory(0, split), 0);
        var second = new Piece(bytes.AsMemory(split), split);
        first.Before(second);
        return new ReadOnlySequence<byte>(first, 0, second, second.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public void Before(Piece next) => Next = next;
    }
}
