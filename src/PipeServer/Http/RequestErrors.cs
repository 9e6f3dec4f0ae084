using System.Text;

namespace PipeServer.Http;

/// <summary>
/// The one table from reason to status, words and section. The words go to the client and to the log; they never hold
/// anything that the client sent.
/// </summary>
internal static class RequestErrors
{
    private static readonly Row[] Table = CreateTable();

    // By those who count them, not by those who answer.
    private static readonly string?[] Names = new string?[Table.Length];

    /// <summary>How many values <see cref="RequestError"/> has.</summary>
    public static int Count => Table.Length;

    /// <summary>The reason in one word, for figures: <c>queue_full</c>. Made once.</summary>
    public static string Name(RequestError error) => Names[(int)error] ??= SnakeCase(error.ToString());

    public static int Status(RequestError error) => Table[(int)error].Status;

    /// <summary>True when nothing after this request can be trusted, so that the connection ends with the answer.</summary>
    public static bool ClosesConnection(RequestError error) => Table[(int)error].Closes;

    public static string Text(RequestError error) => Table[(int)error].Text;

    /// <summary>The section with the rule that the request broke.</summary>
    public static string Section(RequestError error) => Table[(int)error].Section;

    /// <summary>The response body: one line of plain text.</summary>
    public static ReadOnlySpan<byte> Body(RequestError error) => Table[(int)error].Body;

    private static string SnakeCase(string name) =>
        string.Concat(name.Select(static (letter, index) => (index > 0 && char.IsUpper(letter) ? "_" : "") + char.ToLowerInvariant(letter)));

    private static Row[] CreateTable()
    {
        var table = new Row[Enum.GetValues<RequestError>().Length];
        void Closing(RequestError error, int status, string text, string section) =>
            table[(int)error] = new Row(status, Closes: true, text, section);
        void Keeping(RequestError error, int status, string text, string section) =>
            table[(int)error] = new Row(status, Closes: false, text, section);

        Keeping(RequestError.None, 200, "no error", "");

        Closing(RequestError.TooManyEmptyLines, 400, "more than two empty lines before the request line", "RFC 9112 §2.2");
        Closing(RequestError.BareLineFeed, 400, "a line ends without a carriage return", "RFC 9112 §2.2");
        Closing(RequestError.BareCarriageReturn, 400, "a carriage return stands without its line feed", "RFC 9112 §2.2");
        Closing(RequestError.BadRequestLine, 400, "the request line is not METHOD SP TARGET SP VERSION", "RFC 9112 §3");
        Closing(RequestError.BadMethod, 400, "the method is not a token of at most 32 bytes", "RFC 9110 §9.1");
        Closing(RequestError.BadTarget, 400, "the request target is malformed", "RFC 9112 §3.2");
        Closing(RequestError.TargetTooLong, 414, "the request target is too long", "RFC 9110 §15.5.15");
        Closing(RequestError.BadVersion, 400, "the HTTP version is malformed", "RFC 9112 §2.3");
        Closing(RequestError.UnsupportedVersion, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here", "RFC 9110 §15.6.6");

        Closing(RequestError.LeadingWhiteSpace, 400, "a header line starts with white space", "RFC 9112 §2.2, §5.2");
        Closing(RequestError.MissingColon, 400, "a header line has no colon", "RFC 9112 §5");
        Closing(RequestError.BadFieldName, 400, "a header name is not a token directly before its colon", "RFC 9112 §5.1");
        Closing(RequestError.BadFieldValue, 400, "a header value holds a control character", "RFC 9110 §5.5");
        Closing(RequestError.LookalikeField, 400, "a header name imitates a framing header", "RFC 9112 §11.2");
        Closing(RequestError.TooManyFields, 431, "too many headers", "RFC 6585 §5");
        Closing(RequestError.HeadTooLarge, 431, "the headers are too large", "RFC 6585 §5");

        Closing(RequestError.MissingHost, 400, "an HTTP/1.1 request needs a Host header", "RFC 9112 §3.2");
        Closing(RequestError.SeveralHosts, 400, "more than one Host header", "RFC 9112 §3.2");
        Closing(RequestError.BadHost, 400, "the Host header is not one valid host with an optional port", "RFC 9112 §3.2");

        Closing(RequestError.BadContentLength, 400, "Content-Length is not a decimal number", "RFC 9112 §6.3");
        Closing(RequestError.SeveralContentLengths, 400, "more than one Content-Length", "RFC 9112 §6.3");
        Closing(RequestError.ContentLengthWithTransferEncoding, 400, "Content-Length together with Transfer-Encoding", "RFC 9112 §6.1");
        Closing(RequestError.TransferEncodingInHttp10, 400, "Transfer-Encoding in an HTTP/1.0 request", "RFC 9112 §6.1");
        Closing(RequestError.BadTransferEncoding, 400, "Transfer-Encoding is malformed, or chunked is not its only and last coding", "RFC 9112 §6.1, §7");
        Closing(RequestError.UnknownTransferCoding, 501, "the transfer coding is not known here", "RFC 9112 §6.1");
        Closing(RequestError.BodyTooLarge, 413, "the body is larger than this server takes", "RFC 9110 §15.5.14");
        Closing(RequestError.BadChunkSize, 400, "a chunk size is not 1 to 16 hexadecimal digits", "RFC 9112 §7.1");
        Closing(RequestError.BadChunkExtension, 400, "a chunk extension is malformed", "RFC 9112 §7.1.1");
        Closing(RequestError.ChunkExtensionsTooLong, 400, "the chunk extensions are too long", "RFC 9112 §7.1.1");
        Closing(RequestError.BadChunkEnd, 400, "chunk data is not followed by CRLF", "RFC 9112 §7.1");
        Closing(RequestError.BadTrailer, 400, "a trailer line is malformed", "RFC 9112 §7.1.2");
        Closing(RequestError.TrailersTooLarge, 431, "the trailers are too large", "RFC 6585 §5");
        Closing(RequestError.UnexpectedEnd, 400, "the request ends before it is complete", "RFC 9112 §8");

        Keeping(RequestError.BadPseudoHeader, 400, "a pseudo-header is missing, unknown, malformed, there twice or out of place", "RFC 9113 §8.3");
        Keeping(RequestError.ConnectionSpecificField, 400, "a header is about an HTTP/1 connection", "RFC 9113 §8.2.2");
        Keeping(RequestError.ContentLengthMismatch, 400, "Content-Length is not the length of the body", "RFC 9113 §8.1.1");

        Keeping(RequestError.BadPercentEncoding, 400, "the target's percent-encoding is malformed or hides a forbidden character", "RFC 3986 §2.1");
        Keeping(RequestError.PathAboveRoot, 400, "the path leads above the root", "RFC 3986 §5.2.4");
        Keeping(RequestError.UnknownMethod, 501, "the method is not known here", "RFC 9110 §9.1");
        Keeping(RequestError.UnsupportedExpectation, 417, "the only expectation known here is 100-continue", "RFC 9110 §10.1.1");
        Keeping(RequestError.TooManyRequests, 429, "too many requests from this address; see Retry-After", "RFC 6585 §4");
        Keeping(RequestError.NotFound, 404, "there is nothing at this path", "RFC 9110 §15.5.5");
        Keeping(RequestError.MethodNotAllowed, 405, "this path does not have that method; see Allow", "RFC 9110 §15.5.6");

        Keeping(RequestError.UpgradeRequired, 426, "there is a WebSocket of version 13 here, and nothing else", "RFC 6455 §4.2.2, §4.4");
        Keeping(RequestError.BadWebSocketHandshake, 400, "the request is no well-formed WebSocket handshake", "RFC 6455 §4.2.1");
        Keeping(RequestError.OriginNotAllowed, 403, "pages of this origin may not connect", "RFC 6455 §4.2.2, §10.2");

        Closing(RequestError.HeadTimeout, 408, "the request head took too long to arrive", "RFC 9110 §15.5.9");
        Closing(RequestError.BodyTimeout, 408, "the request body took too long to arrive", "RFC 9110 §15.5.9");
        Keeping(RequestError.HandlerFault, 500, "the server failed to answer; it has been logged", "RFC 9110 §15.6.1");
        Closing(RequestError.QueueFull, 503, "all workers are busy and the queue is full; try again", "RFC 9110 §15.6.4");
        Closing(RequestError.QueueTimeout, 503, "the request has waited too long for a worker; try again", "RFC 9110 §15.6.4");
        Closing(RequestError.TooManyConnections, 503, "there are too many connections; try again", "RFC 9110 §15.6.4");

        // Closed without a word: before a handshake has ended there is none that the client would understand.
        Closing(RequestError.TooManyHandshakes, 503, "there are too many TLS handshakes; the connection is closed", "RFC 9110 §15.6.4");
        Closing(RequestError.PlainHttp, 400, "this port speaks TLS; ask by https", "RFC 9110 §4.2.2");
        Keeping(RequestError.Misdirected, 421, "this host asks for other client certificates than this connection was made with", "RFC 9110 §15.5.20");
        return table;
    }

    private sealed record Row(int Status, bool Closes, string Text, string Section)
    {
        public byte[] Body { get; } = Encoding.ASCII.GetBytes($"{Status} {StatusLine.ReasonPhrase(Status)}: {Text}.\n");
    }
}
