using System.Net.WebSockets;
using PipeServer.Http;

namespace PipeServer.WebSockets;

/// <summary>
/// The extensions that a client offers (RFC 6455 §9.1): the first offer of permessage-deflate that can be met is accepted, all others are declined.
/// </summary>
internal static class ExtensionOffers
{
    /// <summary>Reads the offers.</summary>
    /// <param name="fields">The fields of the request.</param>
    /// <param name="wanted">What the application wants; null for no compression.</param>
    /// <param name="accepted">What was agreed on, or null.</param>
    /// <param name="response">The value of Sec-WebSocket-Extensions that says so, or null.</param>
    /// <returns>False when they do not conform to the grammar, and the handshake must fail (RFC 6455 §9.1).</returns>
    public static bool TryAccept(HeaderFields fields, WebSocketDeflateOptions? wanted, out WebSocketDeflateOptions? accepted, out string? response)
    {
        (accepted, response) = (null, null);
        for (var index = fields.IndexOf("Sec-WebSocket-Extensions"u8); index >= 0; index = fields.IndexOf("Sec-WebSocket-Extensions"u8, index + 1))
        {
            var rest = fields.Value(index);
            if (HttpCharacters.TrimOws(rest).IsEmpty)
            {
                return false;
            }

            while (true)
            {
                rest = HttpCharacters.TrimOws(rest);
                if (rest.IsEmpty)
                {
                    break;
                }

                if (rest[0] == ',')
                {
                    rest = rest[1..];
                    continue;
                }

                if (!TryReadOffer(ref rest, wanted, out var offer))
                {
                    return false;
                }

                if (accepted is null && offer?.Accept(wanted!, out response) is { } options)
                {
                    accepted = options;
                }
            }
        }

        return true;
    }

    // Null: an offer of something else, or one that is not to be met.
    private static bool TryReadOffer(ref ReadOnlySpan<byte> rest, WebSocketDeflateOptions? wanted, out DeflateOffer? offer)
    {
        offer = null;
        if (!TryReadToken(ref rest, out var name))
        {
            return false;
        }

        var isDeflate = wanted is not null && name.SequenceEqual("permessage-deflate"u8);
        var deflate = new DeflateOffer();
        while (true)
        {
            rest = HttpCharacters.TrimOws(rest);
            if (rest.IsEmpty || rest[0] == ',')
            {
                offer = isDeflate ? deflate : null;
                return true;
            }

            if (rest[0] != ';')
            {
                return false;
            }

            rest = HttpCharacters.TrimOws(rest[1..]);
            if (!TryReadToken(ref rest, out var parameter) || !TryReadValue(ref rest, out var value, out var hasValue))
            {
                return false;
            }

            isDeflate = isDeflate && deflate.TryAdd(parameter, value, hasValue);
        }
    }

    private static bool TryReadToken(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> token)
    {
        var end = rest.IndexOfAnyExcept(HttpCharacters.Token);
        end = end < 0 ? rest.Length : end;
        token = rest[..end];
        rest = rest[end..];
        return end > 0;
    }

    // A value may be quoted; without the quotes it must be a token too.
    private static bool TryReadValue(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> value, out bool hasValue)
    {
        value = default;
        rest = HttpCharacters.TrimOws(rest);
        hasValue = !rest.IsEmpty && rest[0] == '=';
        if (!hasValue)
        {
            return true;
        }

        rest = HttpCharacters.TrimOws(rest[1..]);
        if (rest.IsEmpty || rest[0] != '"')
        {
            return TryReadToken(ref rest, out value);
        }

        var unquoted = new List<byte>();
        for (var i = 1; i < rest.Length; i++)
        {
            if (rest[i] == '"')
            {
                rest = rest[(i + 1)..];
                value = unquoted.ToArray();
                return unquoted.Count > 0;
            }

            if (rest[i] == '\\' && ++i == rest.Length)
            {
                return false;
            }

            if (!HttpCharacters.IsToken(rest.Slice(i, 1)))
            {
                return false;
            }

            unquoted.Add(rest[i]);
        }

        return false;
    }
}
