using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace PipeServer.Http;

/// <summary>UTF-8 in several pieces.</summary>
internal static class Utf8Sequence
{
    private const int LongestCharacter = 4;

    /// <summary>True where all of it is UTF-8, wherever its pieces end.</summary>
    public static bool IsValid(in ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
        {
            return Utf8.IsValid(bytes.FirstSpan);
        }

        Span<byte> carried = stackalloc byte[LongestCharacter];
        var length = 0;
        foreach (var memory in bytes)
        {
            var piece = memory.Span;
            while (length > 0 && !piece.IsEmpty)
            {
                // A character that an earlier piece has begun.
                carried[length++] = piece[0];
                piece = piece[1..];
                switch (Rune.DecodeFromUtf8(carried[..length], out _, out _))
                {
                    case OperationStatus.Done:
                        length = 0;
                        break;
                    case OperationStatus.InvalidData:
                        return false;
                    default:
                        break;
                }
            }

            var begun = BegunLength(piece);
            if (!Utf8.IsValid(piece[..^begun]))
            {
                return false;
            }

            if (begun > 0)
            {
                piece[^begun..].CopyTo(carried);
                length = begun;
            }
        }

        return length == 0;
    }

    // How many bytes at the end are a character that is not whole.
    private static int BegunLength(ReadOnlySpan<byte> piece)
    {
        for (var length = 1; length <= Math.Min(LongestCharacter - 1, piece.Length); length++)
        {
            if ((piece[^length] & 0xC0) != 0x80)
            {
                return Rune.DecodeFromUtf8(piece[^length..], out _, out _) == OperationStatus.NeedMoreData ? length : 0;
            }
        }

        return 0;
    }
}
