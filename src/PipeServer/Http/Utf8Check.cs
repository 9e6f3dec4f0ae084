using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace PipeServer.Http;

/// <summary>
/// Whether a text is UTF-8 (RFC 3629 §4) that comes in pieces, which may end inside a character. Finds a fault with the first byte that makes it one.
/// </summary>
/// <remarks>A mutable struct: it must be a field.</remarks>
internal struct Utf8Check
{
    private uint _begun; // the bytes of a character that is not whole yet, the first one lowest
    private int _count; // how many they are

    /// <summary>True between two characters: the text may end here.</summary>
    public readonly bool IsBetweenCharacters => _count == 0;

    /// <summary>Forgets what came before.</summary>
    public void Reset() => _count = 0;

    /// <summary>Looks at the next bytes; false when the text is not UTF-8.</summary>
    public bool TryAdd(ReadOnlySpan<byte> bytes)
    {
        if (_count > 0 && !TryEndCharacter(ref bytes))
        {
            return false;
        }

        var left = LengthOfBegun(bytes);
        return Utf8.IsValid(bytes[..^left]) && (left == 0 || TryBegin(bytes[^left..]));
    }

    // How many bytes at the end are the beginning of a character that is longer.
    private static int LengthOfBegun(ReadOnlySpan<byte> bytes)
    {
        for (var length = 1; length <= Math.Min(3, bytes.Length); length++)
        {
            var value = bytes[^length];
            if ((value & 0xC0) != 0x80)
            {
                return (value >= 0xF0 ? 4 : value >= 0xE0 ? 3 : value >= 0xC0 ? 2 : 1) > length ? length : 0;
            }
        }

        return 0;
    }

    private bool TryBegin(ReadOnlySpan<byte> bytes)
    {
        if (Rune.DecodeFromUtf8(bytes, out _, out _) != OperationStatus.NeedMoreData)
        {
            return false;
        }

        _begun = 0;
        _count = bytes.Length;
        for (var i = 0; i < bytes.Length; i++)
        {
            _begun |= (uint)bytes[i] << (8 * i);
        }

        return true;
    }

    private bool TryEndCharacter(ref ReadOnlySpan<byte> bytes)
    {
        Span<byte> character = stackalloc byte[4];
        for (var i = 0; i < _count; i++)
        {
            character[i] = (byte)(_begun >> (8 * i));
        }

        while (!bytes.IsEmpty)
        {
            _begun |= (uint)bytes[0] << (8 * _count);
            character[_count++] = bytes[0];
            bytes = bytes[1..];
            switch (Rune.DecodeFromUtf8(character[.._count], out _, out _))
            {
                case OperationStatus.Done:
                    _count = 0;
                    return true;
                case OperationStatus.NeedMoreData:
                    break;
                default:
                    return false;
            }
        }

        return true;
    }
}
