using System.Text;

namespace PipeServer.Http;

/// <summary>The field Forwarded of RFC 7239: a pure function from fields to the client.</summary>
/// <remarks>
/// <code>
/// Forwarded         = 1#forwarded-element
/// forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )
/// forwarded-pair    = token "=" ( token / quoted-string )
/// </code>
/// The walk is that of <see cref="ForwardedFor"/>. White space around a semicolon is taken, because many write it; a parameter that counts
/// must not be there twice (§4). An element without <c>for</c> names no hop.
/// </remarks>
internal static class Forwarded
{
    private static ReadOnlySpan<byte> Name => "Forwarded"u8;

    /// <summary>False: the fields say nothing of a client. True says nothing yet.</summary>
    public static bool MayBeIn(HeaderFields fields) => fields.MayHave(Name.Length);

    /// <summary>Finds the client of a request whose peer is trusted.</summary>
    /// <param name="fields">The request's fields.</param>
    /// <param name="trusted">The proxies whose word counts.</param>
    public static ForwardedClient Find(HeaderFields fields, ReadOnlySpan<NetworkPrefix> trusted)
    {
        var client = default(ForwardedClient);
        var isFirst = true;
        var list = new ListFromRight(fields, Name, hasQuotes: true);
        for (var looked = 0; looked < ForwardedClient.MaxHops && list.TryNext(out var element); looked++)
        {
            if (element.IsEmpty)
            {
                continue;
            }

            if (!TryRead(element, out var hop))
            {
                break;
            }

            if (hop.Address is null)
            {
                // The peer has written it, and counts itself: so does what it says of the scheme.
                client = isFirst ? hop : client;
                break;
            }

            (client, isFirst) = (hop, false);
            if (!NetworkPrefix.AnyIncludes(trusted, hop.Address.Value))
            {
                break;
            }
        }

        return client;
    }

    // One element; without an address where its hop is not named. False for what is malformed.
    private static bool TryRead(ReadOnlySpan<byte> element, out ForwardedClient hop)
    {
        hop = default;
        Span<byte> unescaped = stackalloc byte[ForwardedNode.MaxBytes];
        var (hasFor, hasProto) = (false, false);
        for (var isLast = false; !isLast;)
        {
            if (!TryTakePair(ref element, out var name, out var value, out isLast))
            {
                return false;
            }

            if (Ascii.EqualsIgnoreCase(name, "for"u8))
            {
                var node = Unquote(value, unescaped);
                if (hasFor)
                {
                    return false;
                }

                hasFor = true;
                if (ForwardedNode.TryParse(node, out var address, out var port))
                {
                    hop = hop with { Address = address, Port = port };
                }
            }
            else if (Ascii.EqualsIgnoreCase(name, "proto"u8))
            {
                if (hasProto)
                {
                    return false;
                }

                hasProto = true;
                hop = hop with { IsHttps = ForwardedClient.IsHttpsScheme(Unquote(value, unescaped)), HasScheme = true };
            }
        }

        return true;
    }

    // Takes one pair off, and the semicolon behind it; an empty one where there is none. The value is a token, or a quoted string with its marks.
    private static bool TryTakePair(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value, out bool isLast)
    {
        rest = HttpCharacters.TrimOws(rest);
        name = rest[..TokenLength(rest)];
        value = default;
        rest = rest[name.Length..];
        if (!name.IsEmpty)
        {
            if (rest.IsEmpty || rest[0] != (byte)'=')
            {
                isLast = true;
                return false;
            }

            rest = rest[1..];
            value = rest[..(rest is [(byte)'"', ..] ? QuotedLength(rest) : TokenLength(rest))];
            rest = HttpCharacters.TrimOws(rest[value.Length..]);
        }

        isLast = rest.IsEmpty;
        if (isLast || rest[0] != (byte)';')
        {
            return isLast && (name.IsEmpty || !value.IsEmpty);
        }

        rest = rest[1..];
        return name.IsEmpty || !value.IsEmpty;
    }

    private static int TokenLength(ReadOnlySpan<byte> text) =>
        text.IndexOfAnyExcept(HttpCharacters.Token) is >= 0 and var end ? end : text.Length;

    // quoted-string = DQUOTE *( qdtext / quoted-pair ) DQUOTE; 0 where it does not end. What no field may hold is refused before.
    private static int QuotedLength(ReadOnlySpan<byte> text)
    {
        for (var at = 1; at < text.Length; at++)
        {
            if (text[at] == (byte)'"')
            {
                return at + 1;
            }

            if (text[at] == (byte)'\\')
            {
                at++;
            }
        }

        return 0;
    }

    // The value's content; empty, which means nothing, for one that is longer than what is looked for may be.
    private static ReadOnlySpan<byte> Unquote(ReadOnlySpan<byte> value, Span<byte> buffer)
    {
        if (value[0] != (byte)'"')
        {
            return value;
        }

        value = value[1..^1];
        if (!value.Contains((byte)'\\'))
        {
            return value;
        }

        var length = 0;
        for (var at = 0; at < value.Length; at++)
        {
            if (length == buffer.Length)
            {
                return default;
            }

            buffer[length++] = value[at] == (byte)'\\' ? value[++at] : value[at];
        }

        return buffer[..length];
    }
}
