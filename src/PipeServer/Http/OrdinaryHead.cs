using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace PipeServer.Http;

/// <summary>
/// One pass over a head that is whole and ordinary, as nearly all are: HTTP/1.1, a method that the server knows, a path that stands as it
/// was sent, and lines as browsers and programs write them. Every other head is left to <see cref="RequestParser"/> from its first byte,
/// so that each refusal stands in one place. What it takes means the same there, to the byte.
/// </summary>
// SAFETY: all addresses lie in one array, which is pinned for the whole pass. A head ends Slack bytes before the array does, or is not
// taken: "end" is never later than that. A line starts before "end", its name has less than 32 bytes, and colon and space follow, so its
// value starts less than 32 bytes behind "end". A target starts at most 8 bytes into the head, and ends in the 32 bytes that are loaded last;
// a query starts one byte behind the path. All loops stop at "end". So each load of 32 bytes starts less than 32 bytes behind "end", and what
// it finds is not followed further than by two bytes before "end" is looked at. What is read behind the input may be anything: it can only
// make a head end later than the input does, and such a head is not taken.
internal static unsafe class OrdinaryHead
{
    /// <summary>How many bytes of the array have to lie behind a head.</summary>
    public const int Slack = 64;

    /// <summary>CR LF, as a little-endian processor reads it.</summary>
    public const ushort LineEnd = 0x0A0D;

    // GET / HTTP/1.1, and two line ends
    private const int MinBytes = 18;

    /// <summary>Parses the head at the start of the input, if it is whole and ordinary. False: nothing has been noted in the head.</summary>
    /// <param name="array">Holds the input. What lies outside of it may be anything.</param>
    /// <param name="start">Where the input starts.</param>
    /// <param name="length">How much there is of it.</param>
    /// <param name="head">Reset, and nothing noted in it. <see cref="RequestHead.Error"/> says what is wrong with a head that was taken.</param>
    /// <param name="limits">What is too long.</param>
    public static bool TryParse(byte[] array, int start, int length, RequestHead head, in RequestLimits limits)
    {
        if (!BitConverter.IsLittleEndian)
        {
            return false;
        }

        return Avx2.IsSupported
            ? TryParse<ByteClasses256>(array, start, length, head, limits)
            : TryParse<ByteClasses128>(array, start, length, head, limits);
    }

    /// <summary>The same by one of the two implementations, for tests.</summary>
    [SkipLocalsInit]
    internal static bool TryParse<TClasses>(byte[] array, int start, int length, RequestHead head, in RequestLimits limits)
        where TClasses : struct, IByteClasses
    {
        length = Math.Min(length, array.Length - Slack - start);
        if (length < MinBytes || start < 0)
        {
            return false;
        }

        fixed (byte* origin = &MemoryMarshal.GetArrayDataReference(array))
        {
            var first = origin + start;
            var end = first + length;
            var target = OrdinaryRequestLine.SkipMethod<TClasses>(first, out var method);
            if (target == null)
            {
                return false;
            }

            var line = OrdinaryRequestLine.SkipTarget<TClasses>(target, end, out var pathEnd, out var targetEnd);
            if (line == null || line - 2 - first > limits.MaxRequestLineBytes)
            {
                return false;
            }

            var fields = head.Fields;
            fields.ReserveSlots();
            var next = OrdinaryFields.Parse<TClasses>(first, line, end, fields, limits, out var host, out var hostLength);
            if (next == null)
            {
                return false;
            }

            fields.SetBytes(array, start);
            head.SetOrdinary((int)(next - first), method, (int)(target - first), (int)(pathEnd - target), (int)(targetEnd - target));
            if (host != null && IsPlainHost<TClasses>(host, hostLength))
            {
                head.KeepAlive = true;
            }
            else
            {
                head.Error = RequestRules.CheckOrdinary(head);
            }
        }

        return true;
    }

    // A registered name without escapes or an IPv4 address, and at most five digits of a port. Other hosts may be valid too.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlainHost<TClasses>(byte* host, int length)
        where TClasses : struct, IByteClasses
    {
        var at = 0;
        while (at < length)
        {
            var stops = TClasses.NotHost(host + at);
            if (stops != 0)
            {
                at += BitOperations.TrailingZeroCount(stops);
                break;
            }

            at += 32;
        }

        return at >= length ? length > 0 : at > 0 && host[at] == (byte)':' && IsPort(host + at + 1, length - at - 1);
    }

    private static bool IsPort(byte* digits, int length)
    {
        if (length is 0 or > 5)
        {
            return false;
        }

        var port = 0;
        for (var index = 0; index < length; index++)
        {
            var digit = digits[index] - '0';
            if ((uint)digit > 9)
            {
                return false;
            }

            port = (port * 10) + digit;
        }

        return port <= ushort.MaxValue;
    }
}
