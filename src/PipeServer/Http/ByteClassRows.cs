using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PipeServer.Http;

/// <summary>
/// Sets of ASCII characters as a shuffle instruction can look them up. A row stands for the lower four bits of a byte, and its bit n says
/// whether the byte that has these and n as its upper four bits is in the set. Bytes from 0x80 on are in none.
/// </summary>
internal static class ByteClassRows
{
    /// <summary><see cref="HttpCharacters.Token"/></summary>
    public static Vector128<byte> Token
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)232, 252, 248, 252, 252, 252, 252, 252, 248, 248, 244, 84, 208, 84, 244, 112);
    }

    /// <summary><see cref="HttpCharacters.Target"/> without the query's <c>?</c>, and without <c>%</c> and <c>\</c>, which a path is searched for.</summary>
    public static Vector128<byte> Path
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)248, 252, 248, 248, 252, 248, 252, 252, 252, 252, 252, 252, 212, 252, 244, 116);
    }

    /// <summary><see cref="HttpCharacters.Target"/></summary>
    public static Vector128<byte> Query
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)248, 252, 248, 248, 252, 252, 252, 252, 252, 252, 252, 252, 244, 252, 244, 124);
    }

    /// <summary><see cref="HttpCharacters.RegName"/> without <c>%</c>, behind which two digits would have to be checked.</summary>
    public static Vector128<byte> Host
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)168, 252, 248, 248, 252, 248, 252, 252, 252, 252, 244, 92, 80, 92, 212, 112);
    }

    /// <summary>The bit that stands for the upper four bits of a byte.</summary>
    public static Vector128<byte> Bits
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create((byte)1, 2, 4, 8, 16, 32, 64, 128, 0, 0, 0, 0, 0, 0, 0, 0);
    }
}
