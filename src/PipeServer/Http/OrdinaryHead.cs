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
// value starts at most 32 bytes behind "end"; a target, at most 8 bytes into the head, ends in the 32 bytes that are loaded last, and a
// query starts one byte behind that. All loops stop at "end". So no load of 32 bytes starts more than 32 bytes behind "end". What is read
// behind the input may be anything: it can only make a head end later than the input, and such a head is not taken.
internal static unsafe class OrdinaryHead
{
    /// <summary>How many bytes of the array have to lie behind a head.</summary>
    public const int Slack = 64;

    // GET / HTTP/1.1, and two line ends
    private const int MinBytes = 18;

    private const ushort LineEnd = 0x0A0D; // CR LF, as all numbers here in the order of a little-endian processor

    // The lower five bits of a letter in either case, as a bit of a mask.
    private const uint C = 1u << ('c' & 31);
    private const uint D = 1u << ('d' & 31);
    private const uint E = 1u << ('e' & 31);
    private const uint H = 1u << ('h' & 31);
    private const uint S = 1u << ('s' & 31);
    private const uint T = 1u << ('t' & 31);

    // For each length of a name, the first letters of those that KnownHeaders finds.
    private static ReadOnlySpan<uint> FirstLetters =>
        [0, 0, 0, 0, H | D, 0, E | S, 0, 0, 0, C, 0, C, 0, C, 0, 0, T, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

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
            var target = SkipMethod<TClasses>(first, out var method);
            if (target == null)
            {
                return false;
            }

            var line = SkipTarget<TClasses>(target, end, out var pathEnd, out var targetEnd);
            if (line == null || line - 2 - first > limits.MaxRequestLineBytes)
            {
                return false;
            }

            var fields = head.Fields;
            var next = ParseFields<TClasses>(first, line, end, fields, limits, out var host, out var hostLength);
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

    // Gives the start of the target, or null.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* SkipMethod<TClasses>(byte* first, out RequestMethod method)
        where TClasses : struct, IByteClasses
    {
        if (new ReadOnlySpan<byte>(first, 4).SequenceEqual("GET "u8))
        {
            method = RequestMethod.Get;
            return first + 4;
        }

        return SkipOtherMethod<TClasses>(first, out method);
    }

    // A method of the client's own has no limit here, and the target of CONNECT is none of these.
    private static byte* SkipOtherMethod<TClasses>(byte* first, out RequestMethod method)
        where TClasses : struct, IByteClasses
    {
        var length = BitOperations.TrailingZeroCount(TClasses.NotToken(first));
        method = RequestMethods.Find(new ReadOnlySpan<byte>(first, length));
        return method is RequestMethod.Other or RequestMethod.Connect || first[length] != (byte)' ' ? null : first + length + 1;
    }

    // Gives the start of the first field line, or null.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* SkipTarget<TClasses>(byte* target, byte* end, out byte* pathEnd, out byte* targetEnd)
        where TClasses : struct, IByteClasses
    {
        pathEnd = targetEnd = null;
        if (*target != (byte)'/')
        {
            return null;
        }

        var at = target;
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

        // Behind it come eleven bytes, and two more at least.
        targetEnd = at;
        return end - at >= 13
            && *at == (byte)' '
            && new ReadOnlySpan<byte>(at + 1, 8).SequenceEqual("HTTP/1.1"u8)
            && *(ushort*)(at + 9) == LineEnd
            ? at + 11
            : null;
    }

    // Gives the place behind the head, or null. The Host's value is given only where nothing but it is left to be checked.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* ParseFields<TClasses>(
        byte* first, byte* line, byte* end, HeaderFields fields, in RequestLimits limits, out byte* host, out int hostLength)
        where TClasses : struct, IByteClasses
    {
        host = null;
        hostLength = 0;
        var last = end - 2; // where the line end that ends the head can start at the latest, and so every line
        var slots = fields.Slots;
        var count = 0;
        var known = 0u;
        var lengths = 0u;
        var hasMore = false; // to be checked by RequestRules
        while (*(ushort*)line != LineEnd)
        {
            var length = (uint)BitOperations.TrailingZeroCount(TClasses.NotToken(line));
            if (length - 1 >= 31 || line[length] != (byte)':' || count == limits.MaxRequestHeaderCount)
            {
                return null;
            }

            var value = line + length + 1;
            if (*value == (byte)' ')
            {
                value++;
            }

            var valueEnd = SkipValue<TClasses>(value, last);
            if (valueEnd == null)
            {
                return null;
            }

            var valueLength = (int)(valueEnd - value);
            var kind = KnownHeader.Other;
            if (((FirstLetters[(int)length & 31] >> (*line & 31)) & 1) != 0)
            {
                kind = Recognize(line, length);
                if (kind == KnownHeader.Host)
                {
                    hasMore |= host != null;
                    host = value;
                    hostLength = valueLength;
                }
                else if (kind == KnownHeader.Lookalike)
                {
                    return null;
                }
                else
                {
                    hasMore |= NeedsRules(kind, value, valueLength);
                }
            }

            if ((uint)count >= (uint)slots.Length)
            {
                slots = fields.GrowSlots();
            }

            slots[count] = new HeaderField((int)(line - first), (int)length, (int)(value - first), valueLength, kind);
            count++;
            known |= 1u << (int)kind;
            lengths |= 1u << (int)length;
            line = valueEnd + 2;
        }

        line += 2;
        if (line - first > limits.MaxRequestHeadBytes)
        {
            return null;
        }

        fields.SetParsed(count, known, lengths);
        host = hasMore ? null : host;
        return line;
    }

    // Gives the line end behind the value, or null: where there is none, or no room for another behind it, or white space to be trimmed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* SkipValue<TClasses>(byte* value, byte* last)
        where TClasses : struct, IByteClasses
    {
        var at = value;
        while (true)
        {
            var stops = TClasses.NotPrintable(at);
            if (stops == 0)
            {
                at += 32;
            }
            else
            {
                at += (uint)BitOperations.TrailingZeroCount(stops);
                if (*(ushort*)at == LineEnd)
                {
                    break;
                }

                if (*at is not ((byte)'\t' or >= 0x80))
                {
                    return null;
                }

                at++; // it belongs to the value, like what is printable
            }

            if (at >= last)
            {
                return null;
            }
        }

        return at + 2 > last || ((*value <= (byte)' ' || at[-1] is (byte)' ' or (byte)'\t') && at != value) ? null : at;
    }

    // Only for a name of a length and first letter that are in the table.
    private static KnownHeader Recognize(byte* name, uint length)
    {
        // No other byte of a token becomes one of these letters by the bit that makes letters small.
        if (length == 4 && (*(uint*)name | 0x20202020) == 0x74736F68)
        {
            return KnownHeader.Host;
        }

        return KnownHeaders.Find(new ReadOnlySpan<byte>(name, (int)length));
    }

    // "Connection: keep-alive", which most clients send, says nothing that HTTP/1.1 does not say by itself.
    private static bool NeedsRules(KnownHeader kind, byte* value, int length) => kind switch
    {
        KnownHeader.Connection => length != 10
            || (*(ulong*)value | 0x20202020_20202020) != 0x696C612D_7065656B
            || (*(ushort*)(value + 8) | 0x2020) != 0x6576,
        KnownHeader.ContentLength or KnownHeader.TransferEncoding or KnownHeader.Expect => true,
        _ => false,
    };

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
