using System.Buffers.Binary;
using System.Numerics;

namespace PipeServer.WebSockets;

/// <summary>
/// SHA-1 (FIPS 180-4 §6.1) of one short text, for RFC 6455 §4.2.2, which proves by it that a server has read the key: the framework's own ends the
/// process where OpenSSL is not installed.
/// </summary>
internal static class Sha1
{
    /// <summary>The length of a hash in bytes.</summary>
    public const int HashBytes = 20;

    private const int BlockBytes = 64;
    private const int MaxBytes = (2 * BlockBytes) - 9; // behind the text come a bit and the length

    /// <summary>Hashes a text of at most 119 bytes.</summary>
    /// <param name="text">The text.</param>
    /// <param name="hash">Gets the hash: <see cref="HashBytes"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The text is longer.</exception>
    public static void Hash(ReadOnlySpan<byte> text, Span<byte> hash)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(text.Length, MaxBytes);
        Span<byte> padded = stackalloc byte[2 * BlockBytes];
        padded.Clear();
        text.CopyTo(padded);
        padded[text.Length] = 0x80;
        padded = padded[..(text.Length + 9 <= BlockBytes ? BlockBytes : 2 * BlockBytes)];
        BinaryPrimitives.WriteInt64BigEndian(padded[^8..], text.Length * 8L);

        Span<uint> state = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0];
        for (var block = padded; !block.IsEmpty; block = block[BlockBytes..])
        {
            Add(block[..BlockBytes], state);
        }

        for (var i = 0; i < state.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(hash[(i * 4)..], state[i]);
        }
    }

    private static void Add(ReadOnlySpan<byte> block, Span<uint> state)
    {
        Span<uint> words = stackalloc uint[80];
        for (var i = 0; i < 16; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32BigEndian(block[(i * 4)..]);
        }

        for (var i = 16; i < words.Length; i++)
        {
            words[i] = BitOperations.RotateLeft(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
        }

        var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4]);
        for (var i = 0; i < words.Length; i++)
        {
            var (mix, constant) = (i / 20) switch
            {
                0 => ((b & c) | (~b & d), 0x5A827999u),
                1 => (b ^ c ^ d, 0x6ED9EBA1u),
                2 => ((b & c) | (b & d) | (c & d), 0x8F1BBCDCu),
                _ => (b ^ c ^ d, 0xCA62C1D6u),
            };
            (a, b, c, d, e) = (BitOperations.RotateLeft(a, 5) + mix + e + constant + words[i], a, BitOperations.RotateLeft(b, 30), c, d);
        }

        (state[0], state[1], state[2], state[3], state[4]) = (state[0] + a, state[1] + b, state[2] + c, state[3] + d, state[4] + e);
    }
}
