using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PipeServer.Http;

/// <summary>The field lines of an <see cref="OrdinaryHead"/>.</summary>
// SAFETY: as OrdinaryHead says, which alone calls it. The slot that is written lies before the end of the array of slots, or nothing is.
// The table of letters is part of the program, which does not move, and has an entry for each length below 32.
internal static unsafe class OrdinaryFields
{
    // All these as a little-endian processor reads them.
    private const ushort ColonAndSpace = 0x203A;
    private const uint Host = 0x74736F68; // in small letters, like the following
    private const ulong Connection = 0x69746365_6E6E6F63; // the first eight
    private const ushort ConnectionEnd = 0x6E6F;
    private const ulong KeepAlive = 0x696C612D_7065656B;
    private const ushort KeepAliveEnd = 0x6576;

    // Makes a letter small. No other byte of a name or a value becomes a letter or a hyphen by it.
    private const ulong Small = 0x20202020_20202020;
    private const uint SmallFour = 0x20202020;
    private const ushort SmallTwo = 0x2020;

    // Beside the bits of KnownHeader.
    private const uint NeedsRules = 1u << 31;
    private const uint HasUnknownCandidate = 1u << 30;

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

    /// <summary>
    /// Gives the place behind the head, or null; then nothing is noted in the fields. The value of Host is given only where nothing but it
    /// is left to be checked.
    /// </summary>
    /// <param name="first">The head's first byte, from which positions count.</param>
    /// <param name="line">The first field line.</param>
    /// <param name="end">Where the input ends.</param>
    /// <param name="fields">Takes the fields.</param>
    /// <param name="limits">What is too long.</param>
    /// <param name="host">The value of Host, or null.</param>
    /// <param name="hostLength">That value's length.</param>
    // The loop calls nothing, so that all it needs stays in registers; what is rare is left to the end, or to the parser of all heads.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static byte* Parse<TClasses>(
        byte* first, byte* line, byte* end, HeaderFields fields, in RequestLimits limits, out byte* host, out int hostLength)
        where TClasses : struct, IByteClasses
    {
        host = null;
        hostLength = 0;
        var lastEnd = end - 4; // where a field line can end at the latest, with the empty line behind it
        var slots = fields.Slots;
        ref var slot = ref MemoryMarshal.GetArrayDataReference(slots);
        ref var slotsEnd = ref Unsafe.Add(ref slot, Math.Min(slots.Length, limits.MaxRequestHeaderCount));
        var letters = (uint*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(FirstLetters));
        var known = 0u;
        var lengths = 0u;
        while (*(ushort*)line != OrdinaryHead.LineEnd)
        {
            var length = (uint)BitOperations.TrailingZeroCount(TClasses.NotToken(line));
            if (length - 1 >= 31 || !Unsafe.IsAddressLessThan(ref slot, ref slotsEnd))
            {
                return null;
            }

            var value = line + length + 2;
            if (*(ushort*)(line + length) != ColonAndSpace)
            {
                if (line[length] != (byte)':')
                {
                    return null;
                }

                value--;
            }

            var valueEnd = SkipValue<TClasses>(value, lastEnd);
            if (valueEnd == null)
            {
                return null;
            }

            slot.NameStart = (int)(line - first);
            slot.NameLength = (int)length;
            slot.ValueStart = (int)(value - first);
            slot.ValueLength = (int)(valueEnd - value);
            slot.Known = KnownHeader.Other;
            if (((letters[length] >> (*line & 31)) & 1) != 0)
            {
                if (length == 4 && (*(uint*)line | SmallFour) == Host)
                {
                    known |= (known & (1u << (int)KnownHeader.Host)) == 0 ? 1u << (int)KnownHeader.Host : NeedsRules;
                    slot.Known = KnownHeader.Host;
                    host = value;
                    hostLength = slot.ValueLength;
                }
                else if (length != 10)
                {
                    known |= HasUnknownCandidate;
                }
                else if ((*(ulong*)line | Small) == Connection && (*(ushort*)(line + 8) | SmallTwo) == ConnectionEnd)
                {
                    known |= 1u << (int)KnownHeader.Connection;
                    slot.Known = KnownHeader.Connection;

                    // What most clients send says nothing that HTTP/1.1 does not say by itself.
                    if (slot.ValueLength != 10 || (*(ulong*)value | Small) != KeepAlive || (*(ushort*)(value + 8) | SmallTwo) != KeepAliveEnd)
                    {
                        known |= NeedsRules;
                    }
                }
            }

            slot = ref Unsafe.Add(ref slot, 1);
            lengths |= 1u << (int)length;
            line = valueEnd + 2;
        }

        line += 2;
        var count = (int)(Unsafe.ByteOffset(ref MemoryMarshal.GetArrayDataReference(slots), ref slot) / sizeof(HeaderField));
        return line - first <= limits.MaxRequestHeadBytes && TryAccept(fields, first, count, known, lengths, ref host) ? line : null;
    }

    // Gives the line end behind the value, or null: where there is none, or no room for another behind it, or white space to be trimmed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* SkipValue<TClasses>(byte* value, byte* lastEnd)
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
                if (*(ushort*)at == OrdinaryHead.LineEnd)
                {
                    break;
                }

                if (*at is not ((byte)'\t' or >= 0x80))
                {
                    return null;
                }

                at++; // it belongs to the value, like what is printable
            }

            if (at > lastEnd)
            {
                return null;
            }
        }

        if (at > lastEnd)
        {
            return null;
        }

        // No byte of a value is below these but the two that are trimmed. Before an empty value stand the colon and the space.
        if (*value <= (byte)' ' || at[-1] <= (byte)' ')
        {
            if (at != value)
            {
                return null;
            }
        }

        return at;
    }

    // False: a name that only looks like one that frames the body.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryAccept(HeaderFields fields, byte* first, int count, uint known, uint lengths, ref byte* host)
    {
        if ((known & HasUnknownCandidate) != 0 && !TryFindKnown(fields.Slots.AsSpan(0, count), first, ref known))
        {
            return false;
        }

        fields.SetParsed(count, known & ~(NeedsRules | HasUnknownCandidate), lengths);
        if ((known & (NeedsRules | HasUnknownCandidate)) != 0)
        {
            host = null;
        }

        return true;
    }

    private static bool TryFindKnown(Span<HeaderField> fields, byte* first, ref uint known)
    {
        foreach (ref var field in fields)
        {
            if (field.Known == KnownHeader.Other)
            {
                field.Known = KnownHeaders.Find(new ReadOnlySpan<byte>(first + field.NameStart, field.NameLength));
                known |= 1u << (int)field.Known;
            }
        }

        return (known & (1u << (int)KnownHeader.Lookalike)) == 0;
    }
}
