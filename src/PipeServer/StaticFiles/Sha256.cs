using System.Buffers.Binary;
using System.Numerics;

namespace PipeServer.StaticFiles;

/// <summary>
/// SHA-256 (FIPS 180-4) and its HMAC (RFC 2104). The platform's own ends the process where OpenSSL is not installed, as in a small image, and not
/// at the start but at the first listing or login. Slower than OpenSSL's, some 200 MiB a second: files are hashed once for each of their versions.
/// </summary>
internal static class Sha256
{
    /// <summary>The length of a hash in bytes.</summary>
    public const int HashBytes = 32;

    /// <summary>The length of a block in bytes.</summary>
    public const int BlockBytes = 64;

    private const int Rounds = 64;
    private const int LengthBytes = sizeof(ulong);

    // The first bits of the fractional parts of the square roots of the first 8 primes, and of the cube roots of the first 64.
    private static readonly uint[] Start =
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    private static readonly uint[] Constants =
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>The state before the first block, the caller's own.</summary>
    public static uint[] Begin() => [.. Start];

    /// <summary>The hash of some bytes.</summary>
    /// <param name="data">The bytes.</param>
    /// <param name="hash">Takes <see cref="HashBytes"/> bytes.</param>
    public static void Hash(ReadOnlySpan<byte> data, Span<byte> hash) => Hash([], data, hash);

    /// <summary>The keyed hash of some bytes.</summary>
    /// <param name="key">The key, at most a block of 64 bytes.</param>
    /// <param name="data">The bytes.</param>
    /// <param name="hash">Takes <see cref="HashBytes"/> bytes.</param>
    public static void Hmac(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> hash)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        block.Fill(0x36);
        Mix(block, key);
        Hash(block, data, hash);
        block.Fill(0x5c);
        Mix(block, key);
        Hash(block, hash[..HashBytes], hash);
    }

    private static void Mix(Span<byte> block, ReadOnlySpan<byte> key)
    {
        for (var i = 0; i < key.Length; i++)
        {
            block[i] ^= key[i];
        }
    }

    // first is empty or one whole block.
    private static void Hash(ReadOnlySpan<byte> first, ReadOnlySpan<byte> data, Span<byte> hash)
    {
        Span<uint> state = stackalloc uint[Start.Length];
        Start.CopyTo(state);
        if (!first.IsEmpty)
        {
            Add(state, first);
        }

        var length = first.Length + data.Length;
        for (; data.Length >= BlockBytes; data = data[BlockBytes..])
        {
            Add(state, data[..BlockBytes]);
        }

        End(state, data, length, hash);
    }

    /// <summary>Adds what is behind the last whole block, and writes the hash.</summary>
    /// <param name="state">What the blocks have come to.</param>
    /// <param name="data">Less than a block.</param>
    /// <param name="length">How many bytes were added in all, these included.</param>
    /// <param name="hash">Takes <see cref="HashBytes"/> bytes.</param>
    public static void End(Span<uint> state, ReadOnlySpan<byte> data, long length, Span<byte> hash)
    {
        // One bit, zeros, and the length in bits at the end of the last block, which may be one more.
        Span<byte> rest = stackalloc byte[2 * BlockBytes];
        rest.Clear();
        data.CopyTo(rest);
        rest[data.Length] = 0x80;
        var end = data.Length + 1 + LengthBytes <= BlockBytes ? BlockBytes : 2 * BlockBytes;
        BinaryPrimitives.WriteUInt64BigEndian(rest[(end - LengthBytes)..], (ulong)length * 8);
        for (var at = 0; at < end; at += BlockBytes)
        {
            Add(state, rest.Slice(at, BlockBytes));
        }

        for (var i = 0; i < state.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(hash[(i * sizeof(uint))..], state[i]);
        }
    }

    /// <summary>Adds a block of <see cref="BlockBytes"/> bytes.</summary>
    public static void Add(Span<uint> state, ReadOnlySpan<byte> block)
    {
        Span<uint> words = stackalloc uint[Rounds];
        for (var i = 0; i < Rounds; i++)
        {
            words[i] = i < 16
                ? BinaryPrimitives.ReadUInt32BigEndian(block[(i * sizeof(uint))..])
                : words[i - 16] + Spread(words[i - 15], 7, 18, 3) + words[i - 7] + Spread(words[i - 2], 17, 19, 10);
        }

        var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7]);
        for (var i = 0; i < Rounds; i++)
        {
            var one = h + Turn(e, 6, 11, 25) + ((e & f) ^ (~e & g)) + Constants[i] + words[i];
            var two = Turn(a, 2, 13, 22) + ((a & b) ^ (a & c) ^ (b & c));
            (h, g, f, e, d, c, b, a) = (g, f, e, d + one, c, b, a, one + two);
        }

        state[0] += a;
        state[1] += b;
        state[2] += c;
        state[3] += d;
        state[4] += e;
        state[5] += f;
        state[6] += g;
        state[7] += h;
    }

    private static uint Turn(uint x, int first, int second, int third) =>
        BitOperations.RotateRight(x, first) ^ BitOperations.RotateRight(x, second) ^ BitOperations.RotateRight(x, third);

    private static uint Spread(uint x, int first, int second, int shift) =>
        BitOperations.RotateRight(x, first) ^ BitOperations.RotateRight(x, second) ^ (x >> shift);
}
