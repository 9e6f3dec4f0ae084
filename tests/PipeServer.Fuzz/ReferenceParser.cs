using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.RegularExpressions;

namespace PipeServer.Fuzz;

/// <summary>
/// HTTP/1.1 requests by regular expressions that are the ABNF, over a string of everything that has arrived: slow, without
/// state, without a clever line, and written from the RFCs instead of from the server. The oracle of the fuzzer.
/// </summary>
internal static partial class ReferenceParser
{
    private const int MaxLine = 8 * 1024;
    private const int MaxHead = 32 * 1024;
    private const int MaxFields = 100;
    private const int MaxExtensions = 4096;

    // RFC 9110 §6.5.1: framing and connection, routing, authentication, request modifiers, content handling.
    private static readonly string[] NotInTrailers =
    [
        .. "content-length transfer-encoding content_length transfer_encoding trailer te connection keep-alive proxy-connection upgrade".Split(' '),
        .. "host forwarded x-forwarded-for x-forwarded-host x-forwarded-proto x-real-ip via".Split(' '),
        .. "authorization proxy-authorization cookie set-cookie".Split(' '),
        .. "expect max-forwards range if-match if-none-match if-modified-since if-unmodified-since if-range cache-control pragma".Split(' '),
        .. "content-encoding content-type content-range date server".Split(' '),
        .. "x-forwarded-port x-forwarded-prefix x-forwarded-server x-http-method-override origin early-data http2-settings".Split(' '),
        .. "age expires location retry-after vary www-authenticate proxy-authenticate".Split(' '),
    ];

    public static ReferenceRequest Parse(string input)
    {
        var skipped = 0;
        while (input.AsSpan(skipped).StartsWith("\r\n"))
        {
            skipped += 2;
            if (skipped > 4)
            {
                return ReferenceRequest.Refused;
            }
        }

        var text = input[skipped..];
        var match = Head().Match(text);
        if (!match.Success)
        {
            // What ends with a line feed so far is whole lines, and right or wrong.
            var lines = text[..(text.LastIndexOf('\n') + 1)];
            return text.Length > MaxHead || (lines.Length > 0 && !HeadLines().IsMatch(lines)) ? ReferenceRequest.Refused : ReferenceRequest.Incomplete;
        }

        if (match.Length > MaxHead || text.IndexOf('\r', StringComparison.Ordinal) > MaxLine || match.Groups["major"].Value != "1")
        {
            return ReferenceRequest.Refused;
        }

        var fields = new List<(string Name, string Value)>();
        foreach (Capture line in match.Groups["field"].Captures)
        {
            var colon = line.Value.IndexOf(':', StringComparison.Ordinal);
            fields.Add((line.Value[..colon], line.Value[(colon + 1)..].Trim(' ', '\t')));
        }

        if (fields.Count > MaxFields || Has(fields, "content_length") || Has(fields, "transfer_encoding"))
        {
            return ReferenceRequest.Refused;
        }

        var minor = match.Groups["minor"].Value == "0" ? 0 : 1;
        var framing = Framing(fields, minor);
        var target = Target(match.Groups["method"].Value, match.Groups["target"].Value);
        if (framing is null || target is null || !IsHostRight(fields, minor))
        {
            return ReferenceRequest.Refused;
        }

        var (isChunked, length) = framing.Value;
        var options = string.Join(',', Values(fields, "connection")).Split(',').Select(static option => option.Trim(' ', '\t')).ToList();
        var closes = options.Contains("close", StringComparer.OrdinalIgnoreCase);
        var keepAlive = !closes && (minor == 1 || options.Contains("keep-alive", StringComparer.OrdinalIgnoreCase));
        var ownStatus = target.Path == "" && target.Form != "Authority" && target.Form != "Asterisk" ? 400
            : Values(fields, "expect").Any(static value => !value.Equals("100-continue", StringComparison.OrdinalIgnoreCase)) ? 417 : 0;
        var request = new ReferenceRequest(ReferenceOutcome.Complete)
        {
            Method = match.Groups["method"].Value,
            HeadLength = skipped + match.Length,
            IsChunked = isChunked,
            ContentLength = length,
            KeepAlive = keepAlive,
            OwnStatus = ownStatus,
            Meaning = $"{match.Groups["method"].Value} {target.Form} {target.Path} {target.Query} 1.{minor} chunked={isChunked} length={length} "
                + $"keep={keepAlive} status={ownStatus}\n" + string.Join('\n', fields.Select(field => field.Name + "=" + ValueOf(field, target))),
        };
        return WithBody(request, text[match.Length..]);
    }

    /// <summary>Decodes a chunked body at the start of the text.</summary>
    /// <returns>How it ended, how many characters it took, what it holds.</returns>
    public static (ReferenceOutcome Outcome, int Length, string Body, string Trailers) Chunks(string text)
    {
        var body = new StringBuilder();
        var at = 0;
        var extensions = 0;
        while (true)
        {
            var line = ChunkLine().Match(text, at);
            if (!line.Success)
            {
                return (Undecided(text, at), 0, "", "");
            }

            extensions += line.Groups["ext"].Length;
            var size = BigInteger.Parse("0" + line.Groups["size"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size > long.MaxValue || extensions > MaxExtensions)
            {
                return (ReferenceOutcome.Refused, 0, "", "");
            }

            at += line.Length;
            if (size == 0)
            {
                break;
            }

            if (size > text.Length - at)
            {
                return (ReferenceOutcome.Incomplete, 0, "", "");
            }

            body.Append(text, at, (int)size);
            at += (int)size;
            var end = text.AsSpan(at, Math.Min(2, text.Length - at));
            if (!"\r\n".AsSpan().StartsWith(end))
            {
                return (ReferenceOutcome.Refused, 0, "", "");
            }

            if (end.Length < 2)
            {
                return (ReferenceOutcome.Incomplete, 0, "", "");
            }

            at += 2;
        }

        var trailers = Trailers().Match(text, at);
        if (!trailers.Success)
        {
            var lines = text[at..(Math.Max(at - 1, text.LastIndexOf('\n')) + 1)];
            return (FieldLines().Match(lines) is { Success: true } whole && whole.Groups["field"].Captures.Count <= MaxFields ? ReferenceOutcome.Incomplete : ReferenceOutcome.Refused, 0, "", "");
        }

        if (trailers.Length > MaxHead || trailers.Groups["field"].Captures.Count > MaxFields)
        {
            return (ReferenceOutcome.Refused, 0, "", "");
        }

        var kept = new List<string>();
        foreach (Capture field in trailers.Groups["field"].Captures)
        {
            var colon = field.Value.IndexOf(':', StringComparison.Ordinal);
            if (!NotInTrailers.Contains(field.Value[..colon], StringComparer.OrdinalIgnoreCase))
            {
                kept.Add(field.Value[..colon] + "=" + field.Value[(colon + 1)..].Trim(' ', '\t'));
            }
        }

        return (ReferenceOutcome.Complete, at + trailers.Length, body.ToString(), string.Join('\n', kept));
    }

    private static ReferenceRequest WithBody(ReferenceRequest request, string rest)
    {
        if (request.IsChunked)
        {
            var (outcome, length, body, trailers) = Chunks(rest);
            return request with { BodyOutcome = outcome, Length = request.HeadLength + length, Body = body, Trailers = trailers };
        }

        return request.ContentLength > rest.Length
            ? request with { BodyOutcome = ReferenceOutcome.Incomplete }
            : request with { Length = request.HeadLength + (int)request.ContentLength, Body = rest[..(int)request.ContentLength] };
    }

    // Without the end of a line nobody can tell; with it, and without a match, it is none.
    private static ReferenceOutcome Undecided(string text, int at) =>
        text.IndexOf('\n', at) >= 0 ? ReferenceOutcome.Refused : ReferenceOutcome.Incomplete;

    private static bool Has(List<(string Name, string Value)> fields, string name) => Values(fields, name).Count > 0;

    private static List<string> Values(List<(string Name, string Value)> fields, string name) =>
        [.. fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(static field => field.Value)];

    private static (bool IsChunked, long Length)? Framing(List<(string Name, string Value)> fields, int minor)
    {
        var lengths = Values(fields, "content-length");
        var codings = Values(fields, "transfer-encoding");
        if (codings.Count > 0)
        {
            return lengths.Count == 0 && minor == 1 && codings.Count == 1 && codings[0].Equals("chunked", StringComparison.OrdinalIgnoreCase)
                ? (true, 0)
                : null;
        }

        if (lengths.Count == 0)
        {
            return (false, 0);
        }

        return lengths.Count == 1 && Digits().IsMatch(lengths[0]) && BigInteger.Parse(lengths[0], CultureInfo.InvariantCulture) is var length && length <= long.MaxValue
            ? (false, (long)length)
            : null;
    }

    // RFC 9112 §3.2.2: the authority of an absolute target replaces what the Host field says.
    private static string ValueOf((string Name, string Value) field, ReferenceTarget target) =>
        target.Authority is not null && field.Name.Equals("host", StringComparison.OrdinalIgnoreCase) ? target.Authority : field.Value;

    private static bool IsHostRight(List<(string Name, string Value)> fields, int minor)
    {
        var hosts = Values(fields, "host");
        if (hosts.Count == 0)
        {
            return minor == 0;
        }

        return hosts.Count == 1 && Authority(hosts[0]) is not null;
    }

    private static (string Host, int? Port)? Authority(string text)
    {
        var match = HostAndPort().Match(text);
        if (!match.Success || (match.Groups["ip"].Success && !IsIPv6(match.Groups["ip"].Value)))
        {
            return null;
        }

        var port = match.Groups["port"].Value;
        if (port.Length == 0)
        {
            return (match.Groups["host"].Value, null);
        }

        var number = BigInteger.Parse(port, CultureInfo.InvariantCulture);
        return number <= 65535 ? (match.Groups["host"].Value, (int)number) : null;
    }

    // RFC 3986 §3.2.2: eight groups of up to four digits, of which "::" stands for one or more; an IPv4 address for the last two.
    private static bool IsIPv6(string text)
    {
        var halves = text.Split("::");
        if (halves.Length > 2)
        {
            return false;
        }

        var count = 0;
        for (var half = 0; half < halves.Length; half++)
        {
            var groups = halves[half] == "" ? [] : halves[half].Split(':');
            for (var index = 0; index < groups.Length; index++)
            {
                var isLast = half == halves.Length - 1 && index == groups.Length - 1;
                if (isLast && DottedDecimal().IsMatch(groups[index]))
                {
                    count += 2;
                }
                else if (Hex16().IsMatch(groups[index]))
                {
                    count++;
                }
                else
                {
                    return false;
                }
            }
        }

        return halves.Length == 2 ? count <= 7 : count == 8;
    }

    private static ReferenceTarget? Target(string method, string text)
    {
        if (method == "CONNECT")
        {
            return Authority(text) is { Port: not null } end ? new ReferenceTarget("Authority", null, "", "") : null;
        }

        if (text == "*")
        {
            return method == "OPTIONS" ? new ReferenceTarget("Asterisk", null, "", "") : null;
        }

        var absolute = Absolute().Match(text);
        var form = "Origin";
        string? authority = null;
        if (absolute.Success)
        {
            form = "Absolute";
            authority = absolute.Groups["authority"].Value;
            if (Authority(authority) is null)
            {
                return null;
            }

            text = absolute.Groups["rest"].Value;
            if (text == "" && method == "OPTIONS")
            {
                return new ReferenceTarget("Asterisk", authority, "", "");
            }
        }
        else if (text[0] != '/')
        {
            return null;
        }

        var question = text.IndexOf('?', StringComparison.Ordinal);
        var path = question < 0 ? text : text[..question];
        var query = question < 0 ? "" : text[(question + 1)..];
        return path.Contains('\\', StringComparison.Ordinal) ? null
            : new ReferenceTarget(form, authority, BadEscape().IsMatch(path) ? "" : Path(path == "" ? "/" : path), query);
    }

    // RFC 3986 §5.2.4 on decoded segments; "" for a path that leads above the root.
    private static string Path(string path)
    {
        var segments = new List<string>();
        var parts = path[1..].Split('/');
        for (var index = 0; index < parts.Length; index++)
        {
            var segment = Escape().Replace(parts[index], static match =>
                match.Value is "%2F" or "%2f" ? "\0" : ((char)Convert.ToInt32(match.Value[1..], 16)).ToString());
            var isLast = index == parts.Length - 1;
            if (segment == "..")
            {
                if (segments.Count == 0)
                {
                    return "";
                }

                segments.RemoveAt(segments.Count - 1);
            }

            if (segment is "." or "..")
            {
                if (isLast)
                {
                    segments.Add("");
                }
            }
            else
            {
                segments.Add(segment);
            }
        }

        return "/" + string.Join('/', segments);
    }

    // HTTP-message = request-line CRLF *( field-line CRLF ) CRLF
    [GeneratedRegex(@"\A(?<method>[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) (?<target>[\-._~!$&'()*+,;=:@/?\[\]%\\^`{|}0-9A-Za-z]+) HTTP/(?<major>[0-9])\.(?<minor>[0-9])\r\n"
        + @"(?:(?<field>[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7E\x80-\xFF]*)\r\n)*\r\n")]
    private static partial Regex Head();

    // request-line CRLF *( field-line CRLF ), of which the target is looked at when the head is whole
    [GeneratedRegex(@"\A(?<method>[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) [^ \n]+ HTTP/(?<major>[0-9])\.(?<minor>[0-9])\r\n"
        + @"(?:(?<field>[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7E\x80-\xFF]*)\r\n)*\z")]
    private static partial Regex HeadLines();

    // *( field-line CRLF )
    [GeneratedRegex(@"\A(?:(?<field>[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7E\x80-\xFF]*)\r\n)*\z")]
    private static partial Regex FieldLines();

    // chunk-size [ chunk-ext ] CRLF
    [GeneratedRegex(@"\G(?<size>[0-9A-Fa-f]{1,16})(?<ext>(?:[ \t]*;[ \t]*[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
        + @"(?:[ \t]*=[ \t]*(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+|""(?:[\t \x21\x23-\x5B\x5D-\x7E\x80-\xFF]|\\[\t\x20-\x7E\x80-\xFF])*""))?)*)\r\n")]
    private static partial Regex ChunkLine();

    // trailer-section CRLF
    [GeneratedRegex(@"\G(?:(?<field>[!#$%&'*+\-.^_`|~0-9A-Za-z]+:[\t\x20-\x7E\x80-\xFF]*)\r\n)*\r\n")]
    private static partial Regex Trailers();

    // uri-host [ ":" port ]
    [GeneratedRegex(@"\A(?<host>\[(?<ip>[0-9A-Fa-f:.]+)\]|(?:[\-._~!$&'()*+;=0-9A-Za-z]|%(?!00|0[aAdD])[0-9A-Fa-f]{2})+)(?::(?<port>[0-9]*))?\z")]
    private static partial Regex HostAndPort();

    [GeneratedRegex(@"\A[hH][tT][tT][pP][sS]?://(?<authority>[^/?]*)(?<rest>.*)\z")]
    private static partial Regex Absolute();

    [GeneratedRegex(@"%(?![0-9A-Fa-f]{2})|%00|%0[aAdD]")]
    private static partial Regex BadEscape();

    [GeneratedRegex(@"%[0-9A-Fa-f]{2}")]
    private static partial Regex Escape();

    [GeneratedRegex(@"\A[0-9]+\z")]
    private static partial Regex Digits();

    [GeneratedRegex(@"\A[0-9A-Fa-f]{1,4}\z")]
    private static partial Regex Hex16();

    [GeneratedRegex(@"\A(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!\z)|\z)){4}\z")]
    private static partial Regex DottedDecimal();

    private sealed record ReferenceTarget(string Form, string? Authority, string Path, string Query);
}
