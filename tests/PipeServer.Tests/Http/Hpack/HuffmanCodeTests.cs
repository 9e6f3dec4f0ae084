using PipeServer.Http.Hpack;

namespace PipeServer.Tests.Http.Hpack;

/// <summary>RFC 7541 §5.2 and Appendix B: every code, every end, against a decoder that goes bit by bit.</summary>
public sealed class HuffmanCodeTests
{
    [Fact]
    public void Every_symbol_is_encoded_and_decoded_alone_and_behind_every_number_of_bits()
    {
        for (var symbol = 0; symbol < 256; symbol++)
        {
            // Codes of five to eight bits before it move it to every place of a byte; "0" has five.
            for (var before = 0; before < 8; before++)
            {
                byte[] text = [.. Enumerable.Repeat((byte)'0', before), (byte)symbol, (byte)'e'];
                var encoded = Encode(text);
                Assert.Equal((HpackVectors.All.Codes[symbol].Bits + (5 * (before + 1)) + 7) / 8, encoded.Length);
                Assert.Equal(text, Decode(encoded));
                Assert.Equal(text, HpackReference.DecodeHuffman(encoded));
            }
        }
    }

    [Fact]
    public void Every_pair_of_symbols_is_decoded()
    {
        for (var pair = 0; pair < 65536; pair++)
        {
            byte[] text = [(byte)(pair >> 8), (byte)pair];
            Assert.Equal(text, Decode(Encode(text)));
        }
    }

    [Fact]
    public void Every_string_of_three_bytes_is_what_it_is_bit_by_bit()
    {
        var random = new Random(1);
        for (var count = 0; count < 300_000; count++)
        {
            var bytes = new byte[count % 4];
            random.NextBytes(bytes);
            Assert.Equal(HpackReference.DecodeHuffman(bytes), Decode(bytes));
        }

        for (var two = 0; two < 65536; two++)
        {
            byte[] bytes = [(byte)(two >> 8), (byte)two];
            Assert.Equal(HpackReference.DecodeHuffman(bytes), Decode(bytes));
        }
    }

    [Fact]
    public void Long_strings_are_what_they_are_bit_by_bit()
    {
        var random = new Random(2);
        for (var count = 0; count < 20_000; count++)
        {
            var text = new byte[random.Next(1, 60)];
            for (var index = 0; index < text.Length; index++)
            {
                text[index] = random.Next(8) == 0 ? (byte)random.Next(256) : (byte)random.Next('a', 'z' + 1);
            }

            var encoded = Encode(text);
            Assert.Equal(text, Decode(encoded));
            encoded[random.Next(encoded.Length)] ^= (byte)(1 << random.Next(8));
            Assert.Equal(HpackReference.DecodeHuffman(encoded), Decode(encoded));
            Array.Resize(ref encoded, random.Next(encoded.Length + 1));
            Assert.Equal(HpackReference.DecodeHuffman(encoded), Decode(encoded));
        }
    }

    [Theory]
    [InlineData("")] // nothing
    [InlineData("07")] // "0", and three ones
    [InlineData("1F FF FF FF FF", false)] // 'a' and thirty-two ones: the end of a string may not be sent
    [InlineData("FF", false)] // eight ones are no padding
    [InlineData("FF FF FF FF", false)]
    [InlineData("FF FF FF FC", false)] // the code of the end of a string, exactly
    [InlineData("06", false)] // padding that is not all ones
    [InlineData("00", false)]
    public void Ends_are_what_the_standard_says(string hex, bool isRight = true)
    {
        var bytes = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(isRight, Decode(bytes) is not null);
        Assert.Equal(isRight, HpackReference.DecodeHuffman(bytes) is not null);
    }

    internal static byte[] Encode(byte[] text)
    {
        var encoded = new byte[HuffmanCode.EncodedBytes(text)];
        Assert.Equal(encoded.Length, HuffmanCode.Shared.Encode(text, encoded));
        return encoded;
    }

    private static byte[]? Decode(byte[] encoded)
    {
        var destination = new byte[HuffmanCode.MaxDecodedBytes(encoded.Length)];
        return HuffmanCode.Shared.TryDecode(encoded, destination, out var written) ? destination[..written] : null;
    }
}
