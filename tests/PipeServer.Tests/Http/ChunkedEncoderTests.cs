using System.Text;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

public sealed class ChunkedEncoderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(4096)]
    [InlineData(65535)]
    [InlineData(65536)]
    public void A_chunk_has_no_leading_zeros_whatever_room_was_left(int length)
    {
        foreach (var capacity in new[] { length, length * 20, 1 << 20 })
        {
            var prefix = ChunkedEncoder.PrefixBytes(capacity);
            var block = new byte[prefix + capacity + ChunkedEncoder.SuffixBytes];
            var data = Enumerable.Range(0, length).Select(static i => (byte)('a' + (i % 26))).ToArray();
            data.CopyTo(block, prefix);
            var total = ChunkedEncoder.Frame(block, prefix, length);
            Assert.Equal($"{length:x}\r\n{Encoding.ASCII.GetString(data)}\r\n", Encoding.ASCII.GetString(block, 0, total));
        }
    }

    [Fact]
    public void What_is_encoded_decodes_to_the_same()
    {
        var decoder = new ChunkedDecoder();
        decoder.Reset();
        var block = new byte[100];
        "hello"u8.CopyTo(block.AsSpan(4));
        var length = ChunkedEncoder.Frame(block, 4, 5);
        byte[] body = [.. block[..length], .. ChunkedEncoder.LastChunk];
        Assert.Equal(ChunkedStatus.Data, decoder.Decode(body, new RequestLimits(1, 1, 1), out var consumed, out var data));
        Assert.Equal("hello", Encoding.ASCII.GetString(data));
        Assert.Equal(ChunkedStatus.Complete, decoder.Decode(body.AsSpan(consumed), new RequestLimits(1, 100, 1), out _, out _));
    }
}
