namespace PipeServer.Http;

/// <summary>X-Forwarded-For and X-Forwarded-Proto, which no standard describes: a pure function from fields to the client.</summary>
/// <remarks>
/// Each proxy adds the address of whoever has connected to it at the end of the list, so that an element is as good as the word of the hop behind
/// it. The walk therefore goes from the right, over the addresses of proxies that are trusted, and the first other one is the client: what stands
/// before it is what that client says. If all are trusted, the first of the list is. At an element that is no address the walk ends with the
/// hop that was reached.
/// </remarks>
internal static class ForwardedFor
{
    private static ReadOnlySpan<byte> Addresses => "X-Forwarded-For"u8;

    private static ReadOnlySpan<byte> Schemes => "X-Forwarded-Proto"u8;

    /// <summary>False: the fields say nothing of a client. True says nothing yet.</summary>
    public static bool MayBeIn(HeaderFields fields) => fields.MayHave(Addresses.Length) || fields.MayHave(Schemes.Length);

    /// <summary>Finds the client of a request whose peer is trusted.</summary>
    /// <param name="fields">The request's fields.</param>
    /// <param name="trusted">The proxies whose word counts.</param>
    public static ForwardedClient Find(HeaderFields fields, ReadOnlySpan<NetworkPrefix> trusted)
    {
        HostAddress? client = null;
        var (port, place, at) = (0, 0, 0);
        var list = new ListFromRight(fields, Addresses, hasQuotes: false);
        for (var looked = 0; looked < ForwardedClient.MaxHops && list.TryNext(out var element); looked++)
        {
            if (element.IsEmpty)
            {
                continue;
            }

            if (!ForwardedNode.TryParseBare(element, out var hop, out var hopPort))
            {
                break;
            }

            (client, port, place) = (hop, hopPort, at++);
            if (!NetworkPrefix.AnyIncludes(trusted, hop))
            {
                break;
            }
        }

        var scheme = SchemeAt(fields, place);
        return new ForwardedClient(client, port, ForwardedClient.IsHttpsScheme(scheme), HasScheme: !scheme.IsEmpty);
    }

    // The scheme at the same place from the right as the hop that counts. Most proxies set one for all hops instead of adding one of their own:
    // of a shorter list it is the first.
    private static ReadOnlySpan<byte> SchemeAt(HeaderFields fields, int place)
    {
        ReadOnlySpan<byte> scheme = default;
        var at = 0;
        var list = new ListFromRight(fields, Schemes, hasQuotes: false);
        for (var looked = 0; looked < ForwardedClient.MaxHops && at <= place && list.TryNext(out var element); looked++)
        {
            if (!element.IsEmpty)
            {
                scheme = element;
                at++;
            }
        }

        return scheme;
    }
}
