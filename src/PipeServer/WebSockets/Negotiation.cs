using System.Net.WebSockets;
using System.Text;
using PipeServer.Http;

namespace PipeServer.WebSockets;

/// <summary>What client and server agree on in the opening handshake, whatever version of HTTP carries it (RFC 6455 §4.2.2, RFC 8441 §5).</summary>
/// <param name="SubProtocol">The sub-protocol, or null.</param>
/// <param name="Deflate">The compression, or null.</param>
/// <param name="Extensions">The value of Sec-WebSocket-Extensions that says so, or null.</param>
internal readonly record struct Negotiation(string? SubProtocol, WebSocketDeflateOptions? Deflate, string? Extensions)
{
    // More than any client offers; each is compared with the others.
    private const int MaxSubProtocols = 64;

    /// <summary>Settles it.</summary>
    /// <param name="fields">What the client offers.</param>
    /// <param name="rules">What the application wants.</param>
    /// <param name="agreed">The outcome.</param>
    /// <returns>Why the client is refused; <see cref="RequestError.None"/> where it is not.</returns>
    public static RequestError Negotiate(HeaderFields fields, WebSocketRules rules, out Negotiation agreed)
    {
        agreed = default;
        if (CheckOrigin(fields, rules) is var refusal and not RequestError.None)
        {
            return refusal;
        }

        if (!TryChooseSubProtocol(fields, rules, out var subProtocol)
            || !ExtensionOffers.TryAccept(fields, rules.Deflate, out var deflate, out var extensions))
        {
            return RequestError.BadWebSocketHandshake;
        }

        agreed = new Negotiation(subProtocol, deflate, extensions);
        return RequestError.None;
    }

    private static RequestError CheckOrigin(HeaderFields fields, WebSocketRules rules)
    {
        var count = fields.CountOf("Origin"u8);
        if (count == 0)
        {
            return RequestError.None;
        }

        if (count > 1)
        {
            return RequestError.BadWebSocketHandshake;
        }

        if (rules.AllowedOrigins.Length == 0)
        {
            return RequestError.None;
        }

        fields.TryGetValue("Origin"u8, out var value);
        return Origin.TryNormalize(Encoding.Latin1.GetString(value)) is { } origin && Array.IndexOf(rules.AllowedOrigins, origin) >= 0
            ? RequestError.None
            : RequestError.OriginNotAllowed;
    }

    // False: what the client offers is no list of tokens, each once (RFC 6455 §4.1).
    private static bool TryChooseSubProtocol(HeaderFields fields, WebSocketRules rules, out string? chosen)
    {
        chosen = null;
        if (fields.IndexOf("Sec-WebSocket-Protocol"u8) < 0)
        {
            return true;
        }

        var best = int.MaxValue;
        var offered = new HashSet<string>(StringComparer.Ordinal);
        var list = new ListFromRight(fields, "Sec-WebSocket-Protocol"u8, hasQuotes: false);
        while (list.TryNext(out var element))
        {
            if (element.IsEmpty)
            {
                continue;
            }

            if (!HttpCharacters.IsToken(element) || !offered.Add(Encoding.Latin1.GetString(element)) || offered.Count > MaxSubProtocols)
            {
                return false;
            }

            for (var i = 0; i < Math.Min(best, rules.SubProtocols.Length); i++)
            {
                best = element.SequenceEqual(rules.SubProtocols[i].Bytes) ? i : best;
            }
        }

        chosen = best < rules.SubProtocols.Length ? rules.SubProtocols[best].Name : null;
        return offered.Count > 0;
    }
}
