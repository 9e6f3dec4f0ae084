using System.Numerics;
using System.Runtime.CompilerServices;

namespace PipeServer.Http;

/// <summary>The request line of an <see cref="OrdinaryHead"/>.</summary>
// SAFETY: as OrdinaryHead says, which alone calls it, but for what OrdinaryTarget calls, too.
internal static unsafe class OrdinaryRequestLine
{
    // As a little-endian processor reads them.
    private const uint Get = 0x20544547; // with the space behind it
    private const ulong Version = 0x312E312F_50545448; // HTTP/1.1

    /// <summary>Gives the start of the target, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* SkipMethod<TClasses>(byte* first, out RequestMethod method)
        where TClasses : struct, IByteClasses
    {
        if (*(uint*)first == Get)
        {
            method = RequestMethod.Get;
            return first + 4;
        }

        return SkipOtherMethod<TClasses>(first, out method);
    }

    /// <summary>Gives the start of the first field line, or null. The target, and the path at its start, end where the other two say.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* SkipTarget<TClasses>(byte* target, byte* end, out byte* pathEnd, out byte* targetEnd)
        where TClasses : struct, IByteClasses
    {
        if (*target != (byte)'/')
        {
            pathEnd = targetEnd = null;
            return null;
        }

        // Behind it come eleven bytes, and two more at least.
        var at = targetEnd = SkipPathAndQuery<TClasses>(target, end, out pathEnd);
        return at != null
            && end - at >= 13
            && *at == (byte)' '
            && *(ulong*)(at + 1) == Version
            && *(ushort*)(at + 9) == OrdinaryHead.LineEnd
            ? at + 11
            : null;
    }

    /// <summary>
    /// Gives the end of a path that stands as it was sent, and of the query behind it; null where the path does not stand so, or has no end. Also for
    /// <see cref="OrdinaryTarget"/>.
    /// </summary>
    /// <param name="at">In the path. The byte before is looked at, too.</param>
    /// <param name="end">Up to where 32 bytes may be read.</param>
    /// <param name="pathEnd">Where the path ends.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* SkipPathAndQuery<TClasses>(byte* at, byte* end, out byte* pathEnd)
        where TClasses : struct, IByteClasses
    {
        pathEnd = null;
        uint stops;
        while (true)
        {
            stops = TClasses.NotPath(at);

            // A segment that starts with a dot may be one that has to be removed. Those behind the path are no matter.
            if ((TClasses.DotsBehindSlashes(at) & (stops ^ (stops - 1))) != 0)
            {
                return null;
            }

            if (stops != 0)
            {
                break;
            }

            at += 32;
            if (at >= end)
            {
                return null;
            }
        }

        at += (uint)BitOperations.TrailingZeroCount(stops);
        pathEnd = at;
        if (*at == (byte)'?')
        {
            at++;
            while ((stops = TClasses.NotQuery(at)) == 0)
            {
                at += 32;
                if (at >= end)
                {
                    return null;
                }
            }

            at += (uint)BitOperations.TrailingZeroCount(stops);
        }

        return at;
    }

    // A method of the client's own has no limit here, and the target of CONNECT is none of these.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte* SkipOtherMethod<TClasses>(byte* first, out RequestMethod method)
        where TClasses : struct, IByteClasses
    {
        var length = BitOperations.TrailingZeroCount(TClasses.NotToken(first));
        method = RequestMethods.Find(new ReadOnlySpan<byte>(first, length));
        return method is RequestMethod.Other or RequestMethod.Connect || first[length] != (byte)' ' ? null : first + length + 1;
    }
}
