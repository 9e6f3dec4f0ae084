using System.Text;

namespace PipeServer.Http;

/// <summary>What a client offers by its Upgrade field, and what of that an answer may take up (RFC 9110 §7.8). Pure.</summary>
internal static class UpgradeRules
{
    private static ReadOnlySpan<byte> Upgrade => "Upgrade"u8;

    /// <summary>
    /// True when the client of a request has offered another protocol: by HTTP/1.1 or later, in which alone the field means anything, and with the
    /// connection option <c>upgrade</c>, without which the field may be one that a proxy has forgotten to remove.
    /// </summary>
    public static bool IsOffered(RequestHead head) =>
        head.MinorVersion > 0 && HasProtocol(head.Fields) && HasElement(head.Fields, "Connection"u8, Upgrade);

    /// <summary>True when an answer names a protocol, and none that the client has not offered.</summary>
    /// <param name="offered">The fields of the request.</param>
    /// <param name="chosen">Those of the answer.</param>
    public static bool IsAmongOffered(HeaderFields offered, HeaderFields chosen)
    {
        var hasChosen = false;
        var list = new ListFromRight(chosen, Upgrade, hasQuotes: false);
        while (list.TryNext(out var protocol))
        {
            if (protocol.IsEmpty)
            {
                continue;
            }

            if (!HasElement(offered, Upgrade, protocol))
            {
                return false;
            }

            hasChosen = true;
        }

        return hasChosen;
    }

    /// <summary>True when a field that is a list has an element, in whatever case.</summary>
    /// <param name="fields">The fields.</param>
    /// <param name="name">The name of the list's field.</param>
    /// <param name="element">The element, which is not empty: empty ones of a list are none (RFC 9110 §5.6.1.2).</param>
    public static bool HasElement(HeaderFields fields, ReadOnlySpan<byte> name, ReadOnlySpan<byte> element)
    {
        var list = new ListFromRight(fields, name, hasQuotes: false);
        while (list.TryNext(out var one))
        {
            if (Ascii.EqualsIgnoreCase(one, element))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasProtocol(HeaderFields fields)
    {
        var list = new ListFromRight(fields, Upgrade, hasQuotes: false);
        while (list.TryNext(out var protocol))
        {
            if (!protocol.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }
}
