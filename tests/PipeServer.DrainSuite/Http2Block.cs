using System.Globalization;
using System.Text;

namespace PipeServer.DrainSuite;

/// <summary>The header blocks (RFC 7541) that the scenarios send, and as much of those that come as they look at.</summary>
internal static class Http2Block
{
    private const byte Authority = 1;
    private const byte MethodGet = 2;
    private const byte MethodPost = 3;
    private const byte Path = 4;
    private const byte SchemeHttp = 6;
    private const byte SchemeHttps = 7;
    private const byte StatusOk = 8;
    private const byte ContentLength = 28;
    private const byte Indexed = 0x80;
    private const byte SizeUpdate = 0x20;

    /// <summary>A request. All fields are literals that no table keeps, so that blocks do not depend on each other.</summary>
    /// <param name="path">At most 126 characters.</param>
    /// <param name="isTls">The scheme is https.</param>
    /// <param name="bodyLength">Of a POST; null: it is a GET.</param>
    public static byte[] Request(string path, bool isTls, int? bodyLength)
    {
        var block = new List<byte>
        {
            (byte)(Indexed | (bodyLength is null ? MethodGet : MethodPost)),
            (byte)(Indexed | (isTls ? SchemeHttps : SchemeHttp)),
        };
        Add(block, Path, path);
        Add(block, Authority, "drain-suite");
        if (bodyLength is { } length)
        {
            Add(block, ContentLength, length.ToString(CultureInfo.InvariantCulture));
        }

        return [.. block];
    }

    /// <summary>
    /// True when a block begins with status 200, which everybody sends as the one byte that the static table has for it, behind changes of the size of a
    /// table that the suite's settings have asked for.
    /// </summary>
    public static bool IsOk(ReadOnlySpan<byte> block)
    {
        while (block.Length > 0 && (block[0] & 0xE0) == SizeUpdate)
        {
            // A larger number goes on while the first bit is set (§5.1).
            var length = 1;
            if ((block[0] & 0x1F) == 0x1F)
            {
                while (length < block.Length && block[length] >= 0x80)
                {
                    length++;
                }

                length++;
            }

            block = block[Math.Min(length, block.Length)..];
        }

        return block.Length > 0 && block[0] == (Indexed | StatusOk);
    }

    private static void Add(List<byte> block, byte name, string value)
    {
        // Four bits for the number of the name; more than 14 goes into a second byte.
        if (name < 15)
        {
            block.Add(name);
        }
        else
        {
            block.AddRange([15, (byte)(name - 15)]);
        }

        block.Add((byte)value.Length);
        block.AddRange(Encoding.ASCII.GetBytes(value));
    }
}
