using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace PipeServer.Http;

/// <summary>The answers by AVX2, 32 bytes in one go.</summary>
// SAFETY: as IByteClasses says.
internal readonly unsafe struct ByteClasses256 : IByteClasses
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NotToken(byte* at) => NotIn(at, Vector256.Create(ByteClassRows.Token));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NotPath(byte* at) => NotIn(at, Vector256.Create(ByteClassRows.Path));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NotQuery(byte* at) => NotIn(at, Vector256.Create(ByteClassRows.Query));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NotHost(byte* at) => NotIn(at, Vector256.Create(ByteClassRows.Host));

    // The addition makes 0x7F negative, as bytes from 0x80 on are already; 0xFF becomes 0.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint NotPrintable(byte* at) =>
        ~Vector256.GreaterThan((Vector256.Load(at) + Vector256<byte>.One).AsSByte(), Vector256.Create((sbyte)' ')).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint DotsBehindSlashes(byte* at) =>
        (Vector256.Equals(Vector256.Load(at), Vector256.Create((byte)'.'))
            & Vector256.Equals(Vector256.Load(at - 1), Vector256.Create((byte)'/'))).ExtractMostSignificantBits();

    // The shuffle itself gives nothing for a byte whose highest bit is set, and otherwise goes by the lower four bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint NotIn(byte* at, Vector256<byte> rows)
    {
        var bytes = Vector256.Load(at);
        var row = Avx2.Shuffle(rows, bytes);
        var bit = Avx2.Shuffle(Vector256.Create(ByteClassRows.Bits), (bytes.AsUInt16() >>> 4).AsByte() & Vector256.Create((byte)0x0F));
        return Vector256.Equals(row & bit, Vector256<byte>.Zero).ExtractMostSignificantBits();
    }
}
