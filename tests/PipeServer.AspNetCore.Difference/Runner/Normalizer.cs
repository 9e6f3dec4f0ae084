using System.Text;
using System.Text.RegularExpressions;

namespace Difference.Runner;

/// <summary>Takes out of an answer what is different each time: dates, ports, identifiers, random tokens.</summary>
internal static partial class Normalizer
{
    private static readonly NormalizingRule[] Rules =
    [
        new("an ephemeral port of the loopback", LoopbackPort(), "$1:PORT"),
        new("a trace identifier of a problem", TraceId(), "\"traceId\":\"TRACE\""),
        new("an identifier of a connection or request", ConnectionId(), "\"$1\":\"ID\""),
        new("a token against forgery in a form", FormToken(), "$1TOKEN\""),
        new("a boundary of a multipart answer", Boundary(), "BOUNDARY"),
    ];

    private static readonly NormalizingRule[] HeaderRules =
    [
        new("the time of the answer", HttpDate(), "DATE"),
        new("an ephemeral port of the loopback", LoopbackPort(), "$1:PORT"),
        new("the server's own name", ServerName(), "SERVER"),
        new("a protected cookie", ProtectedCookie(), "$1=PROTECTED"),
        new("a boundary of a multipart answer", Boundary(), "BOUNDARY"),
    ];

    /// <summary>A header's value; only of those named is a date any date.</summary>
    public static string Header(string name, string value)
    {
        var rules = name is "date" or "expires" or "set-cookie" ? HeaderRules : HeaderRules[1..];
        return rules.Aggregate(value, static (text, rule) => rule.Pattern.Replace(text, rule.Replacement));
    }

    /// <summary>A body: where it is text, without what changes; else its bytes in base 64.</summary>
    public static string Body(byte[] body)
    {
        var isText = body.Length < 200_000 && !body.AsSpan().ContainsAnyExceptInRange((byte)9, (byte)126);
        if (!isText)
        {
            return Convert.ToBase64String(body);
        }

        return Rules.Aggregate(Encoding.ASCII.GetString(body), static (text, rule) => rule.Pattern.Replace(text, rule.Replacement));
    }

    [GeneratedRegex(@"(?<host>127\.0\.0\.1):\d+", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LoopbackPort();

    [GeneratedRegex("\"traceId\":\"[^\"]+\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TraceId();

    [GeneratedRegex("\"(?<key>connectionId|connectionToken|requestId)\":\"[^\"]+\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ConnectionId();

    [GeneratedRegex("(?<head>__RequestVerificationToken\" type=\"hidden\" value=\")[^\"]+\"", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture,
        1000)]
    private static partial Regex FormToken();

    [GeneratedRegex("[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HttpDate();

    [GeneratedRegex(@"(?<name>\.AspNetCore\.Antiforgery|session|guarded)[^=]*=[^;]+", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ProtectedCookie();

    [GeneratedRegex("^(Kestrel|PipeServer)$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ServerName();

    [GeneratedRegex("(?<=boundary=\"?|--)[0-9a-f-]{32,40}", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Boundary();
}
