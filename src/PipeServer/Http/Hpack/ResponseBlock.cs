namespace PipeServer.Http.Hpack;

/// <summary>Encodes the head and the trailers of a response (RFC 7541), by the static table alone, so that no block depends on one before it. Pure.</summary>
internal static class ResponseBlock
{
    /// <summary>How many bytes <see cref="Write"/> needs room for.</summary>
    public static int MaxBytes(HeaderFields fields, ContentTypeLine? type, ReadOnlySpan<byte> prepared) => throw new NotSupportedException();

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
        ReadOnlySpan<byte> prepared) => throw new NotSupportedException();

    /// <summary>How many bytes <see cref="WriteTrailers"/> needs room for.</summary>
    public static int MaxTrailerBytes(HeaderFields trailers) => throw new NotSupportedException();

    /// <summary>Encodes the fields behind a body.</summary>
    public static int WriteTrailers(Span<byte> buffer, HeaderFields trailers) => throw new NotSupportedException();
}
