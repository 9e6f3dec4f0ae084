using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Text;
using PipeServer.Http;
using PipeServer.WebSockets;

namespace PipeServer.Tests.WebSockets;

/// <summary>The parts of which frames are read.</summary>
public sealed class FrameTests
{
    [Fact]
    public void A_mask_is_taken_off_at_every_offset_and_length()
    {
        byte[] mask = [1, 20, 113, 200];
        var bytes = new byte[150];
        new Random(1).NextBytes(bytes);
        for (var at = 0; at < 5; at++)
        {
            for (var length = 0; length <= bytes.Length; length++)
            {
                var result = new byte[length];
                FrameMask.Copy(bytes.AsSpan(0, length), result, BitConverter.ToUInt32(mask), at);
                Assert.Equal(bytes.Take(length).Select((value, i) => (byte)(value ^ mask[(i + at) & 3])), result);
            }
        }
    }

    [Theory]
    [InlineData("00", true)]
    [InlineData("C3A4E282ACF09F9880", true)]
    [InlineData("EFBFBFF48FBFBF", true)]
    [InlineData("C080", false)]
    [InlineData("E08080", false)]
    [InlineData("EDA080", false)]
    [InlineData("F4908080", false)]
    [InlineData("F5", false)]
    [InlineData("80", false)]
    [InlineData("C341", false)]
    [InlineData("E282", null)]
    [InlineData("F09F98", null)]
    public void A_text_is_judged_alike_however_it_is_cut(string hex, bool? expected)
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(new string('a', 40)), .. Convert.FromHexString(hex)];
        for (var first = 0; first <= bytes.Length; first++)
        {
            for (var second = first; second <= bytes.Length; second++)
            {
                var check = default(Utf8Check);
                var isValid = check.TryAdd(bytes.AsSpan(0, first)) && check.TryAdd(bytes.AsSpan(first, second - first)) && check.TryAdd(bytes.AsSpan(second));
                Assert.Equal((expected != false, expected != null), (isValid, !isValid || check.IsBetweenCharacters));
            }
        }
    }

    // The first byte that cannot be right, and not the last of the character.
    [Theory]
    [InlineData("E080", 2)]
    [InlineData("EDA0", 2)]
    [InlineData("F490", 2)]
    [InlineData("C0", 1)]
    [InlineData("E28241", 3)]
    public void A_fault_is_found_with_the_first_byte_that_makes_it_one(string hex, int at)
    {
        var check = default(Utf8Check);
        var bytes = Convert.FromHexString(hex);
        for (var i = 0; i < bytes.Length; i++)
        {
            Assert.Equal(i < at - 1, check.TryAdd(bytes.AsSpan(i, 1)));
        }
    }

    [Fact]
    public void A_header_is_not_read_before_it_is_whole()
    {
        foreach (var length in new[] { 0, 125, 126, 65535, 65536 })
        {
            var frame = TestWebSocket.Frame(2, new byte[length]);
            var headerLength = frame.Length - length;
            for (var i = 0; i < headerLength; i++)
            {
                Assert.False(FrameHeader.TryRead(frame.AsSpan(0, i), isInMessage: false, mayBeCompressed: false, out _, out var problem));
                Assert.Null(problem);
            }

            Assert.True(FrameHeader.TryRead(frame, isInMessage: false, mayBeCompressed: false, out var header, out _));
            Assert.Equal((length, headerLength), (header.PayloadLength, header.Length));
        }
    }

    // A sender that had looked at the state a moment before the end waited for its turn for good, and with it whoever awaited it.
    [Fact]
    public async Task Who_sends_behind_the_end_is_told()
    {
        var pipe = new Pipe();
        var writer = new FrameWriter(pipe.Writer);
        await writer.EndAsync();
        var sending = writer.SendAsync(FrameOpcode.Text, isFinal: true, new byte[1], default).AsTask();
        await Assert.ThrowsAsync<WebSocketException>(() => sending.WaitAsync(TestClient.Patience));
        writer.Pong([1]);
        await writer.FlushAsync().AsTask().WaitAsync(TestClient.Patience);
        Assert.Equal(0, pipe.Writer.UnflushedBytes);
    }
}
