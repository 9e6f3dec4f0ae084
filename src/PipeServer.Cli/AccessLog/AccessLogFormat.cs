using System.Buffers.Binary;
using System.Text;

namespace PipeServer.Cli.AccessLog;

/// <summary>What a line of the access log looks like: <c>--access-log-format</c>. Immutable.</summary>
internal sealed class AccessLogFormat
{
    private const string Common = "%h - %u %t \"%r\" %s %b";
    private const string Combined = Common + " \"%{Referer}i\" \"%{User-agent}i\"";

    private readonly Part[] _parts;

    private AccessLogFormat(Part[] parts) => _parts = parts;

    private enum Directive : byte
    {
        Text,
        ShortText,
        Client,
        User,
        Time,
        RequestLine,
        HttpVersion,
        Status,
        BodyBytes,
        Microseconds,
        Referer,
        UserAgent,
        Host,
        Scheme,
        TlsProtocol,
        TlsCipher,
        TlsServerName,
        TlsClientSubject,
        Json,
    }

    /// <summary>Reads a format: one of the names, or a pattern.</summary>
    /// <param name="text"><c>common</c>, <c>combined</c>, <c>json</c>, or text with directives.</param>
    /// <param name="format">The format; null where there is a problem.</param>
    /// <returns>What is wrong with it, with the way out; null when nothing is.</returns>
    public static string? TryParse(string text, out AccessLogFormat? format)
    {
        format = null;
        if (text == "json")
        {
            format = new AccessLogFormat([new Part(Directive.Json, [], IsQuoted: false)]);
            return null;
        }

        var pattern = text switch { "common" => Common, "combined" => Combined, _ => text };
        if (!pattern.Contains('%', StringComparison.Ordinal))
        {
            return "it must be common, combined, json, or a text with directives like %h %u %t \"%r\" %s %b";
        }

        if (pattern.Any(char.IsControl))
        {
            return "it must have no control characters: a line of the log is one line";
        }

        var parts = new List<Part>();
        var literal = new StringBuilder();
        var isQuoted = false;
        for (var at = 0; at < pattern.Length;)
        {
            if (pattern[at] != '%')
            {
                isQuoted ^= pattern[at] == '"';
                literal.Append(pattern[at++]);
                continue;
            }

            if (pattern.AsSpan(at).StartsWith("%%"))
            {
                literal.Append('%');
                at += 2;
                continue;
            }

            if (Find(pattern.AsSpan(at), out var length) is not { } directive)
            {
                return $"there is no directive '{Shown(pattern[at..])}'; "
                    + "there are %h %u %t %r %H %s %b %D %v %{Referer}i %{User-agent}i %{REQUEST_SCHEME}x %{SSL_PROTOCOL}x %{SSL_CIPHER}x %{SSL_TLS_SNI}x "
                    + "%{SSL_CLIENT_S_DN}x, and %% for a percent sign";
            }

            AddText(parts, literal);
            parts.Add(new Part(directive, [], isQuoted));
            at += length;
        }

        AddText(parts, literal);
        format = new AccessLogFormat([.. parts]);
        return null;
    }

    /// <summary>Writes the line of a request, without its end.</summary>
    /// <param name="line">Takes it.</param>
    /// <param name="completion">The request.</param>
    /// <param name="clock">The time.</param>
    public void Write(ref AccessLineBuilder line, in RequestCompletion completion, AccessLogClock clock)
    {
        foreach (ref readonly var part in _parts.AsSpan())
        {
            switch (part.Directive)
            {
                case Directive.Text:
                    line.Append(part.Text);
                    break;
                case Directive.ShortText:
                    line.AppendShort(part.Word, part.Text.Length);
                    break;
                case Directive.Client:
                    AccessLogValues.AppendClient(ref line, completion.RemoteEndPoint);
                    break;
                case Directive.User:
                    AccessLogValues.AppendUser(ref line, completion.Request);
                    break;
                case Directive.Time:
                    line.Append(clock.CommonLog());
                    break;
                case Directive.RequestLine:
                    line.AppendEscaped(completion.RequestLine, escapesSpaces: !part.IsQuoted);
                    break;
                case Directive.HttpVersion:
                    AppendOrDash(ref line, AccessLogValues.HttpVersion(completion.Request));
                    break;
                case Directive.Status:
                    line.Append((long)AccessLogValues.Status(completion));
                    break;
                case Directive.BodyBytes:
                    line.Append(completion.BodyBytesSent);
                    break;
                case Directive.Microseconds:
                    line.Append((long)completion.Duration.TotalMicroseconds);
                    break;
                case Directive.Referer:
                    line.AppendEscaped(AccessLogValues.Field(completion.Request, "Referer"u8), escapesSpaces: !part.IsQuoted);
                    break;
                case Directive.UserAgent:
                    line.AppendEscaped(AccessLogValues.Field(completion.Request, "User-Agent"u8), escapesSpaces: !part.IsQuoted);
                    break;
                case Directive.Host:
                    line.AppendEscaped(AccessLogValues.Host(completion.Request), escapesSpaces: true);
                    break;
                case Directive.Json:
                    AccessLogJson.Write(ref line, completion, clock);
                    break;
                default:
                    WriteTls(ref line, part, completion);
                    break;
            }
        }
    }

    private static void WriteTls(ref AccessLineBuilder line, in Part part, in RequestCompletion completion)
    {
        var tls = AccessLogValues.Tls(completion);
        switch (part.Directive)
        {
            case Directive.Scheme:
                line.Append(tls is not null || completion.Request is { IsHttps: true } ? "https"u8 : "http"u8);
                break;
            case Directive.TlsProtocol:
                AppendOrDash(ref line, AccessLogValues.Protocol(tls));
                break;
            case Directive.TlsClientSubject:
                line.AppendEscaped(tls is null ? default : tls.ClientSubject, escapesSpaces: !part.IsQuoted);
                break;
            default:
                Span<byte> text = stackalloc byte[AccessLogValues.MaxNameBytes];
                var length = AccessLogValues.Read(part.Directive == Directive.TlsCipher ? tls?.CipherSuite : tls?.ServerName, text);
                line.AppendEscaped(text[..length], escapesSpaces: true);
                break;
        }
    }

    private static void AppendOrDash(ref AccessLineBuilder line, ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
        {
            line.AppendDash();
        }
        else
        {
            line.Append(text);
        }
    }

    private static void AddText(List<Part> parts, StringBuilder literal)
    {
        if (literal.Length > 0)
        {
            var text = Encoding.UTF8.GetBytes(literal.ToString());
            parts.Add(new Part(text.Length <= sizeof(ulong) ? Directive.ShortText : Directive.Text, text, IsQuoted: false));
            literal.Clear();
        }
    }

    private static Directive? Find(ReadOnlySpan<char> text, out int length)
    {
        (string Name, Directive Directive)[] all =
        [
            ("%h", Directive.Client), ("%u", Directive.User), ("%t", Directive.Time), ("%r", Directive.RequestLine), ("%H", Directive.HttpVersion),
            ("%s", Directive.Status), ("%b", Directive.BodyBytes), ("%D", Directive.Microseconds), ("%v", Directive.Host), ("%{Referer}i", Directive.Referer),
            ("%{User-agent}i", Directive.UserAgent), ("%{REQUEST_SCHEME}x", Directive.Scheme), ("%{SSL_PROTOCOL}x", Directive.TlsProtocol),
            ("%{SSL_CIPHER}x", Directive.TlsCipher), ("%{SSL_TLS_SNI}x", Directive.TlsServerName), ("%{SSL_CLIENT_S_DN}x", Directive.TlsClientSubject),
        ];
        foreach (var (name, directive) in all)
        {
            // Names of fields have no case; the directives' letters do.
            if (text.StartsWith(name, name.Contains('{', StringComparison.Ordinal) ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal))
            {
                length = name.Length;
                return directive;
            }
        }

        length = 0;
        return null;
    }

    // As much as was probably meant.
    private static string Shown(string rest)
    {
        var end = rest.StartsWith("%{", StringComparison.Ordinal) && rest.IndexOf('}', StringComparison.Ordinal) is > 0 and var brace ? brace + 2 : 2;
        return rest[..Math.Min(end, rest.Length)];
    }

    private readonly record struct Part(Directive Directive, byte[] Text, bool IsQuoted)
    {
        // Of a short text: its bytes from the lowest on.
        public ulong Word { get; } = Directive == Directive.ShortText ? WordOf(Text) : 0;

        private static ulong WordOf(ReadOnlySpan<byte> text)
        {
            Span<byte> word = stackalloc byte[sizeof(ulong)];
            text.CopyTo(word);
            return BinaryPrimitives.ReadUInt64LittleEndian(word);
        }
    }
}
