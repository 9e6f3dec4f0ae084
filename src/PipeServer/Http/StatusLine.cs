using System.Runtime.CompilerServices;
using System.Text;

namespace PipeServer.Http;

/// <summary>Status lines, encoded once. RFC 9112 §4: status-line = HTTP-version SP status-code SP [ reason-phrase ]</summary>
internal static class StatusLine
{
    private const int Lowest = 100;
    private const int Highest = 999;
    private const int MaxReasonPhraseLength = 512; // far more than anybody shows, far less than a block

    private static readonly byte[]?[] Known = new byte[Highest - Lowest + 1][];

    static StatusLine()
    {
        for (var status = Lowest; status <= Highest; status++)
        {
            if (ReasonPhrase(status).Length > 0)
            {
                Known[status - Lowest] = Encode(status);
            }
        }
    }

    /// <summary>The line with its CRLF. A status without a registered reason phrase is encoded at its first use.</summary>
    public static ReadOnlySpan<byte> For(int status) => Known[status - Lowest] ??= Encode(status);

    /// <summary>Checks a reason phrase: 1*( HTAB / SP / VCHAR / obs-text ), or nothing.</summary>
    /// <exception cref="ArgumentException">It is none, or is too long.</exception>
    public static void CheckReasonPhrase(string? value)
    {
        if (value is null)
        {
            return;
        }

        if (value.Length > MaxReasonPhraseLength)
        {
            throw new ArgumentException($"A reason phrase has at most {MaxReasonPhraseLength} characters; this one has {value.Length}.", nameof(value));
        }

        foreach (var character in value)
        {
            if (character is (< ' ' and not '\t') or '\u007F' or > '\u00FF')
            {
                throw new ArgumentException("A reason phrase holds no control characters such as CR, LF or NUL, and none beyond U+00FF.", nameof(value));
            }
        }
    }

    /// <summary>The line with another reason phrase, which the caller has checked.</summary>
    public static byte[] With(int status, string reasonPhrase) => Encoding.Latin1.GetBytes($"HTTP/1.1 {status} {reasonPhrase}\r\n");

    /// <summary>False for the final statuses that never have a body (RFC 9110 §15.3.5, §15.3.6, §15.4.5).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AllowsBody(int status) => status == 200 || status is not (204 or 205 or 304);

    /// <summary>The reason phrase of the IANA registry (RFC 9110 §15), or an empty string.</summary>
    public static string ReasonPhrase(int status) => status switch
    {
        100 => "Continue",
        101 => "Switching Protocols",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        511 => "Network Authentication Required",
        _ => "",
    };

    // The space after the code stays when there is no phrase: the grammar has it outside the brackets.
    private static byte[] Encode(int status) => Encoding.ASCII.GetBytes($"HTTP/1.1 {status} {ReasonPhrase(status)}\r\n");
}
