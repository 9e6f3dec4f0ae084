using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace PipeServer.Http;

/// <summary>
/// One pass over the target of a request of HTTP/2, where it is a path that stands as it was sent, with or without a query. Every other target is left to
/// <see cref="RequestTarget.Parse"/>, for which what this takes means the same.
/// </summary>
// SAFETY: the caller's array has Slack bytes behind the target. A space is put right behind that, at which every loop stops at the latest: so each load of 32
// bytes starts at that space or before it. The first is one byte behind the target's start, and the byte before is in the target.
internal static unsafe class OrdinaryTarget
{
    /// <summary>How many bytes of the array have to lie behind a target; the first of them is written over.</summary>
    public const int Slack = 64;

    /// <summary>How much of a target is its path; 0 where it is not an ordinary one.</summary>
    /// <param name="array">Holds the target.</param>
    /// <param name="start">Where it starts.</param>
    /// <param name="length">Its length, which is not 0.</param>
    public static int PathLength(byte[] array, int start, int length) => Avx2.IsSupported
        ? PathLength<ByteClasses256>(array, start, length)
        : PathLength<ByteClasses128>(array, start, length);

    /// <summary>The same by one of the two implementations, for tests.</summary>
    [SkipLocalsInit]
    internal static int PathLength<TClasses>(byte[] array, int start, int length)
        where TClasses : struct, IByteClasses
    {
        if (start < 0 || length < 1 || array.Length - Slack - start < length || array[start] != (byte)'/')
        {
            return 0;
        }

        array[start + length] = (byte)' ';
        fixed (byte* origin = array)
        {
            var target = origin + start;
            var end = target + length;
            var at = OrdinaryRequestLine.SkipPathAndQuery<TClasses>(target + 1, end + 1, out var pathEnd);
            return at == end ? (int)(pathEnd - target) : 0;
        }
    }
}
