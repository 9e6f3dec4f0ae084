using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PipeServer.Http;

/// <summary>The answers by whatever the platform has, 16 bytes at a time: on arm64, and on x64 without AVX2.</summary>
// SAFETY: as IByteClasses says.
internal readonly unsafe struct ByteClasses128 : IByteClasses
{
    private const int Half = 16;

    public static uint NotToken(byte* at) => NotIn(at, ByteClassRows.Token);

    public static uint NotPath(byte* at) => NotIn(at, ByteClassRows.Path);

    public static uint NotQuery(byte* at) => NotIn(at, ByteClassRows.Query);

    public static uint NotHost(byte* at) => NotIn(at, ByteClassRows.Host);

    public static uint NotPrintable(byte* at) => NotPrintableInHalf(at) | (NotPrintableInHalf(at + Half) << Half);

    public static uint DotsBehindSlashes(byte* at) => DotsInHalf(at) | (DotsInHalf(at + Half) << Half);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint NotIn(byte* at, Vector128<byte> rows) => NotInHalf(at, rows) | (NotInHalf(at + Half, rows) << Half);

    // What lies beyond the rows is nothing, so a byte whose highest bit is set is in no set.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint NotInHalf(byte* at, Vector128<byte> rows)
    {
        var bytes = Vector128.Load(at);
        var row = Vector128.Shuffle(rows, bytes & Vector128.Create((byte)0x8F));
        var bit = Vector128.Shuffle(ByteClassRows.Bits, bytes >>> 4);
        return Vector128.Equals(row & bit, Vector128<byte>.Zero).ExtractMostSignificantBits();
    }

    private static uint NotPrintableInHalf(byte* at)
    {
        var bytes = Vector128.Load(at);
        return (Vector128.LessThan(bytes, Vector128.Create((byte)' ')) | Vector128.GreaterThan(bytes, Vector128.Create((byte)'~')))
            .ExtractMostSignificantBits();
    }

    private static uint DotsInHalf(byte* at) =>
        (Vector128.Equals(Vector128.Load(at), Vector128.Create((byte)'.'))
            & Vector128.Equals(Vector128.Load(at - 1), Vector128.Create((byte)'/'))).ExtractMostSignificantBits();
}
