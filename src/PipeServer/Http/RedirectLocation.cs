using System.Buffers;
using System.Text;

namespace PipeServer.Http;

/// <summary>
/// The value of a Location field (RFC 9110 §10.2.2): Location = URI-reference, by the grammar of RFC 3986 §4.1, with what is not ASCII percent-encoded as
/// UTF-8.
/// </summary>
internal static class RedirectLocation
{
    // RFC 3986 §3.3 to §3.5: pchar, slash and question mark; an escape is checked apart. Behind a path it is all that a query and a fragment may have.
    private static readonly SearchValues<char> PathCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?%");

    // RFC 3986 §3.2: userinfo, host and port.
    private static readonly SearchValues<char> AuthorityCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:%@[]");

    private static readonly SearchValues<char> SchemeCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.");

    /// <summary>The value to send.</summary>
    /// <exception cref="ArgumentException">The location is no URI reference; the message says why.</exception>
    public static string Encode(string location)
    {
        if (FindFault(location) is { } fault)
        {
            throw new ArgumentException($"A redirect's location is a URI or a reference to one (RFC 3986 §4.1): {fault}.", nameof(location));
        }

        return Ascii.IsValid(location) ? location : EncodeText(location);
    }

    /// <summary>
    /// True for a path on this host that <see cref="Encode"/> takes: one slash at its beginning, not two, and no backslash, which browsers take for one.
    /// </summary>
    public static bool IsLocal(string? location) => location is ['/', ..] and not ['/', '/', ..] && FindFault(location) is null;

    private static string? FindFault(string location)
    {
        if (location.Length == 0)
        {
            return "it is empty";
        }

        for (var index = 0; index < location.Length; index++)
        {
            var character = location[index];
            if (char.IsControl(character))
            {
                return "it has a control character in it";
            }

            if (char.IsSurrogate(character) && !(char.IsHighSurrogate(character) && index + 1 < location.Length && char.IsLowSurrogate(location[++index])))
            {
                return "it has half a surrogate pair in it";
            }

            if (character == '%' && !(index + 2 < location.Length && char.IsAsciiHexDigit(location[index + 1]) && char.IsAsciiHexDigit(location[index + 2])))
            {
                return "a '%' is not followed by two hexadecimal digits; a percent sign itself is %25";
            }
        }

        return FindFaultOfParts(location);
    }

    private static string? FindFaultOfParts(ReadOnlySpan<char> rest)
    {
        var hash = rest.IndexOf('#');
        if (hash >= 0)
        {
            if (FindForeign(rest[(hash + 1)..], PathCharacters) is { } inFragment)
            {
                return inFragment;
            }

            rest = rest[..hash];
        }

        // A colon before any slash ends a scheme: a relative path cannot begin with such a segment (RFC 3986 §4.2).
        var colon = rest.IndexOfAny(":/?") is >= 0 and var found && rest[found] == ':' ? found : -1;
        if (colon >= 0)
        {
            if (colon == 0 || !char.IsAsciiLetter(rest[0]) || rest[..colon].ContainsAnyExcept(SchemeCharacters))
            {
                return "what stands before its first colon is no scheme";
            }

            // RFC 9110 §4.2.1, §4.2.2
            var isHttp = rest[..colon].Equals("http", StringComparison.OrdinalIgnoreCase) || rest[..colon].Equals("https", StringComparison.OrdinalIgnoreCase);
            rest = rest[(colon + 1)..];
            if (isHttp && !rest.StartsWith("//"))
            {
                return "its scheme wants a host: two slashes follow the colon";
            }
        }

        if (rest.StartsWith("//"))
        {
            rest = rest[2..];
            var end = rest.IndexOfAny("/?") is >= 0 and var at ? at : rest.Length;
            if (FindFaultOfAuthority(rest[..end]) is { } fault)
            {
                return fault;
            }

            rest = rest[end..];
        }

        return FindForeign(rest, PathCharacters);
    }

    private static string? FindFaultOfAuthority(ReadOnlySpan<char> authority)
    {
        if (FindForeign(authority, AuthorityCharacters) is { } fault)
        {
            return fault;
        }

        var host = authority[(authority.LastIndexOf('@') + 1)..];
        return host.IsEmpty || !Authority.TryParse(Encoding.UTF8.GetBytes(EncodeText(host)), out _) ? "its host is none" : null;
    }

    // What is not ASCII is encoded.
    private static string? FindForeign(ReadOnlySpan<char> part, SearchValues<char> allowed)
    {
        while (part.IndexOfAnyExcept(allowed) is >= 0 and var at)
        {
            if (char.IsAscii(part[at]))
            {
                return $"the character '{part[at]}' must be percent-encoded there";
            }

            part = part[(at + 1)..];
        }

        return null;
    }

    private static string EncodeText(ReadOnlySpan<char> text)
    {
        var builder = new StringBuilder(text.Length + 16);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.EnumerateRunes())
        {
            if (rune.IsAscii)
            {
                builder.Append((char)rune.Value);
                continue;
            }

            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                builder.Append('%').Append("0123456789ABCDEF"[value >> 4]).Append("0123456789ABCDEF"[value & 15]);
            }
        }

        return builder.ToString();
    }
}
