using System.Buffers;
using System.Buffers.Text;

namespace PipeServer.Http;

/// <summary>
/// Writes a response head in one piece.
/// response-head = status-line *( field-line CRLF ) CRLF
/// </summary>
internal static class ResponseHeadWriter
{
    // "Content-Length: " with the longest long and its CRLF, "Connection: keep-alive", the last CRLF; rounded up.
    private const int FramingBytes = 96;

    /// <summary>Writes the head; the caller has validated the fields.</summary>
    /// <param name="output">Where to.</param>
    /// <param name="status">100 to 999.</param>
    /// <param name="serverAndDate">The block of <see cref="DateHeader"/>.</param>
    /// <param name="fields">The handler's fields, none of which is about framing or the connection.</param>
    /// <param name="framing">Which framing field to add.</param>
    /// <param name="contentLength">With <see cref="ResponseFraming.ContentLength"/>: the value.</param>
    /// <param name="connection">Which Connection field to add.</param>
    /// <param name="prepared">Field lines that are encoded already, each with its line end.</param>
    public static void Write(
        IBufferWriter<byte> output,
        int status,
        ReadOnlySpan<byte> serverAndDate,
        HeaderFields? fields,
        ResponseFraming framing,
        long contentLength,
        ConnectionHeader connection,
        ReadOnlySpan<byte> prepared = default)
    {
        var statusLine = StatusLine.For(status);
        if (fields is not null && fields.Has(KnownHeader.Server))
        {
            serverAndDate = DateHeader.WithoutServer(serverAndDate);
        }

        var size = statusLine.Length + serverAndDate.Length + prepared.Length + FramingBytes;
        for (var index = 0; index < (fields?.Count ?? 0); index++)
        {
            size += fields![index].NameLength + fields[index].ValueLength + 4;
        }

        var buffer = output.GetSpan(size);
        var length = 0;
        Append(buffer, statusLine, ref length);
        Append(buffer, serverAndDate, ref length);
        switch (framing)
        {
            case ResponseFraming.ContentLength:
                Append(buffer, "Content-Length: "u8, ref length);
                Utf8Formatter.TryFormat(contentLength, buffer[length..], out var digits);
                length += digits;
                Append(buffer, "\r\n"u8, ref length);
                break;
            case ResponseFraming.Chunked:
                Append(buffer, "Transfer-Encoding: chunked\r\n"u8, ref length);
                break;
            default:
                break;
        }

        switch (connection)
        {
            case ConnectionHeader.Close:
                Append(buffer, "Connection: close\r\n"u8, ref length);
                break;
            case ConnectionHeader.KeepAlive:
                Append(buffer, "Connection: keep-alive\r\n"u8, ref length);
                break;
            case ConnectionHeader.Upgrade:
                Append(buffer, "Connection: Upgrade\r\n"u8, ref length);
                break;
            default:
                break;
        }

        Append(buffer, prepared, ref length);
        for (var index = 0; index < (fields?.Count ?? 0); index++)
        {
            Append(buffer, fields!.Name(index), ref length);
            Append(buffer, ": "u8, ref length);
            Append(buffer, fields.Value(index), ref length);
            Append(buffer, "\r\n"u8, ref length);
        }

        Append(buffer, "\r\n"u8, ref length);
        output.Advance(length);
    }

    private static void Append(Span<byte> buffer, ReadOnlySpan<byte> bytes, ref int length)
    {
        bytes.CopyTo(buffer[length..]);
        length += bytes.Length;
    }
}
