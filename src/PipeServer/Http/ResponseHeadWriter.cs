using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Runtime.CompilerServices;

namespace PipeServer.Http;

/// <summary>
/// Writes a response head in one piece.
/// response-head = status-line *( field-line CRLF ) CRLF
/// </summary>
internal static class ResponseHeadWriter
{
    // "Content-Length: " with the longest long and its CRLF.
    private const int MaxContentLengthBytes = 37;

    // The same, or Transfer-Encoding, and the last CRLF; rounded up.
    private const int FramingBytes = 64;

    /// <summary>What <see cref="Begin"/> needs room for: more than it writes, with the longest phrase, length and <see cref="ConnectionLines"/>.</summary>
    public const int MaxBeginBytes = 256;

    /// <summary>
    /// Writes the head of an ordinary response up to where the handler's fields, or encoded ones, follow: the same bytes as
    /// <see cref="Write"/>, in fewer steps.
    /// </summary>
    /// <param name="buffer">Where to: <see cref="MaxBeginBytes"/> at least.</param>
    /// <param name="status">100 to 999.</param>
    /// <param name="okBlock">The block of <see cref="DateHeader.CreateOkBlock"/>.</param>
    /// <param name="contentLength">The value of Content-Length; -1 where that is among the encoded fields, or is not sent.</param>
    /// <param name="connection">What it says about its connection, of <see cref="ConnectionLines"/>; null for nothing.</param>
    /// <returns>How many bytes it has written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Begin(Span<byte> buffer, int status, byte[] okBlock, long contentLength, byte[]? connection)
    {
        int length;
        if (status == 200 && okBlock.Length == DateHeader.OkBlockBytes)
        {
            // The zeros at its end are written over. A copy of a length that the compiler knows is three instructions, behind this comparison.
            okBlock.AsSpan(0, DateHeader.OkBlockBytes).CopyTo(buffer);
            length = DateHeader.OkBytes;
        }
        else
        {
            length = BeginOther(buffer, status, okBlock);
        }

        if (contentLength >= 0)
        {
            AppendContentLength(buffer, contentLength, ref length);
        }

        if (connection is not null)
        {
            Append(buffer, connection, ref length);
        }

        return length;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int BeginOther(Span<byte> buffer, int status, byte[] okBlock)
    {
        var length = 0;
        Append(buffer, StatusLine.For(status), ref length);
        if (okBlock.Length == DateHeader.OkBlockBytes)
        {
            Append(buffer, DateHeader.DefaultWithoutStatus(okBlock), ref length); // of a length that the compiler knows
        }
        else
        {
            Append(buffer, DateHeader.WithoutStatus(okBlock), ref length);
        }

        return length;
    }

    /// <summary>Writes the head; the caller has validated the fields.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="status">100 to 999.</param>
    /// <param name="serverAndDate">The block of <see cref="DateHeader"/>.</param>
    /// <param name="fields">The handler's fields, none of which is about framing or the connection.</param>
    /// <param name="framing">Which framing field to add.</param>
    /// <param name="contentLength">With <see cref="ResponseFraming.ContentLength"/>: the value.</param>
    /// <param name="connection">What it says about its connection, of <see cref="ConnectionLines"/>, or nothing.</param>
    /// <param name="prepared">Field lines that are encoded already, each with its line end.</param>
    /// <param name="statusLine">The status line with its end, where it is not the usual one of the status.</param>
    public static void Write(
        IBufferWriter<byte> output,
        int status,
        ReadOnlySpan<byte> serverAndDate,
        HeaderFields? fields,
        ResponseFraming framing,
        long contentLength,
        ReadOnlySpan<byte> connection,
        ReadOnlySpan<byte> prepared = default,
        ReadOnlySpan<byte> statusLine = default)
    {
        statusLine = statusLine.IsEmpty ? StatusLine.For(status) : statusLine;
        if (fields is not null && fields.Has(KnownHeader.Server))
        {
            serverAndDate = DateHeader.WithoutServer(serverAndDate);
        }

        ReadOnlySpan<byte> lines = default;
        var isWhole = fields is null || fields.TryGetLines(out lines);
        var size = statusLine.Length + serverAndDate.Length + connection.Length + prepared.Length + FramingBytes + lines.Length;

        var buffer = output.GetSpan(size);
        var length = 0;
        Append(buffer, statusLine, ref length);
        Append(buffer, serverAndDate, ref length);
        switch (framing)
        {
            case ResponseFraming.ContentLength:
                AppendContentLength(buffer, contentLength, ref length);
                break;
            case ResponseFraming.Chunked:
                Append(buffer, "Transfer-Encoding: chunked\r\n"u8, ref length);
                break;
            default:
                break;
        }

        Append(buffer, connection, ref length);
        Append(buffer, prepared, ref length);
        if (isWhole)
        {
            Append(buffer, lines, ref length);
        }
        else
        {
            AppendOneByOne(buffer, fields!, ref length);
        }

        Append(buffer, "\r\n"u8, ref length);
        output.Advance(length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AppendContentLength(Span<byte> buffer, long value, ref int length)
    {
        const int Digits = 16; // "Content-Length: "
        var line = buffer.Slice(length, MaxContentLengthBytes); // of a known length: writes at known places need no check
        "Content-Length: "u8.CopyTo(line);
        int digits;
        if (value < 10_000)
        {
            // Four digits at once, those in front shifted out: no division, and no loop.
            digits = value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : 4;
            var hundreds = (uint)value * 5243 >> 19;
            var pairs = hundreds | (((uint)value - (hundreds * 100)) << 16);
            var tens = (pairs * 103 >> 10) & 0x000F_000F;
            var text = (tens | ((pairs - (tens * 10)) << 8)) + 0x3030_3030;
            BinaryPrimitives.WriteUInt32LittleEndian(line[Digits..], text >> ((4 - digits) * 8));
        }
        else
        {
            Utf8Formatter.TryFormat(value, line[Digits..], out digits);
        }

        "\r\n"u8.CopyTo(line[(Digits + digits)..]);
        length += Digits + digits + 2;
    }

    private static void AppendOneByOne(Span<byte> buffer, HeaderFields fields, ref int length)
    {
        for (var index = 0; index < fields.Count; index++)
        {
            Append(buffer, fields.Name(index), ref length);
            Append(buffer, ": "u8, ref length);
            Append(buffer, fields.Value(index), ref length);
            Append(buffer, "\r\n"u8, ref length);
        }
    }

    private static void Append(Span<byte> buffer, ReadOnlySpan<byte> bytes, ref int length)
    {
        bytes.CopyTo(buffer[length..]);
        length += bytes.Length;
    }
}
