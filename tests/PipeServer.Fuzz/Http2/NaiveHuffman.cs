using System.Text;

namespace PipeServer.Fuzz.Http2;

/// <summary>The Huffman code of RFC 7541, Appendix B, bit by bit. It is canonical: the lengths of the codes say all.</summary>
internal static class NaiveHuffman
{
    private const int EndOfString = 256;

    private static readonly byte[] Lengths =
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
        6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
        13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
        20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
        22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
        20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
        30,
    ];

    private static readonly string[] Codes = MakeCodes();

    private static readonly Dictionary<string, int> Symbols =
        Codes.Select(static (code, symbol) => (code, symbol)).ToDictionary(static pair => pair.code, static pair => pair.symbol);

    /// <summary>The code of a byte, or of the end of the string (256), as a text of zeros and ones.</summary>
    public static string CodeOf(int symbol) => Codes[symbol];

    public static byte[] Encode(string latin1) => Pack(string.Concat(Encoding.Latin1.GetBytes(latin1).Select(static one => Codes[one])), '1');

    /// <summary>Bytes of zeros and ones, the last byte filled up.</summary>
    public static byte[] Pack(string bits, char filling)
    {
        var whole = bits.PadRight((bits.Length + 7) / 8 * 8, filling);
        return [.. Enumerable.Range(0, whole.Length / 8).Select(at => Convert.ToByte(whole.Substring(at * 8, 8), 2))];
    }

    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        var decoded = new List<byte>();
        var code = new StringBuilder();
        foreach (var one in bytes)
        {
            for (var bit = 7; bit >= 0; bit--)
            {
                code.Append((one >> bit) & 1);
                if (Symbols.TryGetValue(code.ToString(), out var symbol))
                {
                    decoded.Add(symbol == EndOfString ? throw new InvalidDataException("The end of a string in Huffman's code.") : (byte)symbol);
                    code.Clear();
                }
            }
        }

        return code.Length > 7 || code.ToString().Contains('0', StringComparison.Ordinal)
            ? throw new InvalidDataException("The padding of a string in Huffman's code is wrong.")
            : Encoding.Latin1.GetString([.. decoded]);
    }

    private static string[] MakeCodes()
    {
        var codes = new string[Lengths.Length];
        var code = 0L;
        var length = 0;
        foreach (var symbol in Enumerable.Range(0, Lengths.Length).OrderBy(static symbol => (Lengths[symbol], symbol)))
        {
            code <<= Lengths[symbol] - length;
            length = Lengths[symbol];
            codes[symbol] = Convert.ToString(code, 2).PadLeft(length, '0');
            code++;
        }

        return codes;
    }
}
