using System.Buffers;
using System.Text;
using System.Text.Unicode;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>UTF-8 is UTF-8, wherever it is cut into pieces.</summary>
public sealed class Utf8SequenceTests
{
    public static TheoryData<byte[]> Texts =>
    [
        Row(Encoding.UTF8.GetBytes("a\u00e9\u20ac\U0001F600z")),
        Row("ab"u8.ToArray()),
        Row([0xC3]),
        Row([0xC3, 0x28]),
        Row([0xE2, 0x82]),
        Row([0xF0, 0x9F, 0x98]),
        Row([0xF0, 0x9F, 0x98, (byte)'x', (byte)'y']),
        Row([0x80]),
        Row([(byte)'a', 0xBF, 0xBF, 0xBF, 0xBF]),
        Row([0xC0, 0xAF]),
        Row([0xED, 0xA0, 0x80]),
        Row([0xF4, 0x90, 0x80, 0x80]),
        Row([0xFF, 0xFE]),
    ];

    [Theory]
    [MemberData(nameof(Texts))]
    public void Pieces_are_judged_as_the_whole(byte[] bytes)
    {
        var expected = Utf8.IsValid(bytes);
        for (var first = 0; first <= bytes.Length; first++)
        {
            for (var second = first; second <= bytes.Length; second++)
            {
                Assert.Equal(expected, Utf8Sequence.IsValid(Pieces(bytes[..first], bytes[first..second], bytes[second..])));
            }
        }

        Assert.Equal(expected, Utf8Sequence.IsValid(Pieces([.. bytes.Select(static value => new[] { value })])));
    }

    private static TheoryDataRow<byte[]> Row(byte[] bytes) => new(bytes);

    private static ReadOnlySequence<byte> Pieces(params byte[][] pieces)
    {
        var first = new Piece(pieces[0]);
        var last = pieces.Skip(1).Aggregate(first, static (last, piece) => last.Append(piece));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(byte[] bytes) => Memory = bytes;

        public Piece Append(byte[] bytes)
        {
            var next = new Piece(bytes) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
