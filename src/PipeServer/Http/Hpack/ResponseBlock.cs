using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;

namespace PipeServer.Http.Hpack;

/// <summary>Encodes the head and the trailers of a response (RFC 7541), by the static table alone, so that no block depends on one before it. Pure.</summary>
internal static class ResponseBlock
{
    /// <summary>
    /// The whole block of what a client must be told at the beginning of the next block, if it has set SETTINGS_HEADER_TABLE_SIZE below the default
    /// (RFC 7541 §4.2): that the table has no size, as nobody uses it.
    /// </summary>
    public const byte NoTable = 0x20;

    /// <summary>A status of 200, which is in the static table.</summary>
    public const byte Ok = 0x88;

    private const int StatusNameIndex = 8;
    private const int MaxStatusBytes = 5;
    private const int MaxContentLengthBytes = 3 + 19;

    /// <summary>How many bytes <see cref="Write"/> needs room for.</summary>
    public static int MaxBytes(ReadOnlySpan<byte> serverAndDate, HeaderFields fields, ContentTypeLine? type, ReadOnlySpan<byte> prepared) =>
        MaxStatusBytes + serverAndDate.Length + MaxContentLengthBytes + MaxTrailerBytes(fields) + (type?.Http2.Length ?? 0) + prepared.Length;

    /// <summary>Encodes a head.</summary>
    /// <param name="buffer">Where to: <see cref="MaxBytes"/>.</param>
    /// <param name="status">100 to 999.</param>
    /// <param name="serverAndDate">The encoded fields of the server; empty for an informational response.</param>
    /// <param name="fields">The handler's, without the Content-Type that is in <paramref name="type"/>.</param>
    /// <param name="type">The Content-Type; or null.</param>
    /// <param name="contentLength">The length; -1 for none.</param>
    /// <param name="prepared">Fields that are encoded already.</param>
    /// <returns>How many bytes it has written.</returns>
    public static int Write(
        Span<byte> buffer, int status, ReadOnlySpan<byte> serverAndDate, HeaderFields fields, ContentTypeLine? type, long contentLength,
        ReadOnlySpan<byte> prepared)
    {
        var length = WriteStatus(buffer, status);
        if (fields.Count > 0 && fields.Has(KnownHeader.Server))
        {
            serverAndDate = DateHeader.Http2WithoutServer(serverAndDate);
        }

        Append(buffer, serverAndDate, ref length);
        if (type is not null)
        {
            Append(buffer, type.Http2, ref length);
        }

        if (contentLength >= 0)
        {
            length += WriteContentLength(buffer[length..], contentLength);
        }

        if (!prepared.IsEmpty)
        {
            Append(buffer, prepared, ref length);
        }

        return fields.Count == 0 ? length : length + WriteTrailers(buffer[length..], fields);
    }

    /// <summary>How many bytes <see cref="WriteTrailers"/> needs room for.</summary>
    public static int MaxTrailerBytes(HeaderFields trailers)
    {
        if (trailers.Count == 0)
        {
            return 0;
        }

        trailers.TryGetLines(out var lines); // all names and values, and those of removed fields
        return lines.Length + (trailers.Count * HpackEncoder.MaxOverhead);
    }

    /// <summary>Encodes the fields behind a body.</summary>
    public static int WriteTrailers(Span<byte> buffer, HeaderFields trailers)
    {
        var length = 0;
        for (var index = 0; index < trailers.Count; index++)
        {
            var name = trailers.Name(index);
            if (!IsConnectionSpecific(name))
            {
                length += HpackEncoder.Write(buffer[length..], name, trailers.Value(index));
            }
        }

        return length;
    }

    /// <summary>Encodes field lines of HTTP/1.</summary>
    /// <param name="lines">The lines, each with its line end.</param>
    public static byte[] EncodeLines(ReadOnlySpan<byte> lines)
    {
        var block = new List<byte>();
        while (lines.Length > 0)
        {
            var end = lines.IndexOf("\r\n"u8);
            var colon = lines.IndexOf((byte)':');
            if (!IsConnectionSpecific(lines[..colon]))
            {
                block.AddRange(HpackEncoder.Encode(lines[..colon], lines[(colon + 2)..end]));
            }

            lines = lines[(end + 2)..];
        }

        return [.. block];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int WriteStatus(Span<byte> buffer, int status)
    {
        if (status == 200)
        {
            buffer[0] = Ok;
            return 1;
        }

        return WriteOtherStatus(buffer, status);
    }

    private static int WriteOtherStatus(Span<byte> buffer, int status)
    {
        buffer[0] = status switch
        {
            204 => Ok + 1,
            206 => Ok + 2,
            304 => Ok + 3,
            400 => Ok + 4,
            404 => Ok + 5,
            500 => Ok + 6,
            _ => StatusNameIndex,
        };
        if (buffer[0] >= Ok)
        {
            return 1;
        }

        buffer[1] = 3;
        buffer[4] = (byte)('0' + (status % 10));
        buffer[3] = (byte)('0' + (status / 10 % 10));
        buffer[2] = (byte)('0' + (status / 100));
        return MaxStatusBytes;
    }

    private static int WriteContentLength(Span<byte> buffer, long contentLength)
    {
        // The name by its index, which the four bits of a literal without indexing have no room for.
        buffer[0] = 0x0F;
        buffer[1] = StaticTable.ContentLength - 0x0F;
        Utf8Formatter.TryFormat(contentLength, buffer[3..], out var digits);
        buffer[2] = (byte)digits;
        return 3 + digits;
    }

    // What a handler may set for HTTP/1, and what no client of HTTP/2 may be sent (RFC 9113 §8.2.2).
    private static bool IsConnectionSpecific(ReadOnlySpan<byte> name)
    {
        const int Shortest = 7;
        const int Longest = 17;
        if (name.Length is < Shortest or > Longest || (name[0] | 0x20) is not ('u' or 'c' or 'k' or 'p' or 't'))
        {
            return false;
        }

        Span<byte> lower = stackalloc byte[Longest];
        Ascii.ToLower(name, lower, out var length);
        return FieldRules.IsConnectionSpecific(lower[..length]);
    }

    private static void Append(Span<byte> buffer, ReadOnlySpan<byte> bytes, ref int length)
    {
        bytes.CopyTo(buffer[length..]);
        length += bytes.Length;
    }
}
