using System.Buffers;
using System.Text.Unicode;

namespace PipeServer.Http;

/// <summary>UTF-8 in several pieces.</summary>
internal static class Utf8Sequence
{
    /// <summary>True where all of it is UTF-8, wherever its pieces end.</summary>
    public static bool IsValid(in ReadOnlySequence<byte> bytes)
    {
        if (bytes.IsSingleSegment)
        {
            return Utf8.IsValid(bytes.FirstSpan);
        }

        var check = default(Utf8Check);
        foreach (var piece in bytes)
        {
            if (!check.TryAdd(piece.Span))
            {
                return false;
            }
        }

        return check.IsBetweenCharacters;
    }
}
