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
    public static bool IsOffered(RequestHead head)
    {
        if (head.MinorVersion == 0 || head.Fields.IndexOf(Upgrade) < 0)
        {
            return false;
        }

        for (var index = head.Fields.IndexOf(KnownHeader.Connection); index >= 0; index = head.Fields.IndexOf(KnownHeader.Connection, index + 1))
        {
            for (var rest = head.Fields.Value(index); TryTake(ref rest, out var option);)
            {
                if (Ascii.EqualsIgnoreCase(option, Upgrade))
                {
                    return HasElement(head.Fields);
                }
            }
        }

        return false;
    }

    /// <summary>True when an answer names a protocol, and none that the client has not offered.</summary>
    /// <param name="offered">The fields of the request.</param>
    /// <param name="chosen">Those of the answer.</param>
    public static bool IsAmongOffered(HeaderFields offered, HeaderFields chosen)
    {
        var hasChosen = false;
        for (var index = chosen.IndexOf(Upgrade); index >= 0; index = chosen.IndexOf(Upgrade, index + 1))
        {
            for (var rest = chosen.Value(index); TryTake(ref rest, out var protocol);)
            {
                if (!Has(offered, protocol))
                {
                    return false;
                }

                hasChosen = true;
            }
        }

        return hasChosen;
    }

    private static bool HasElement(HeaderFields fields)
    {
        for (var index = fields.IndexOf(Upgrade); index >= 0; index = fields.IndexOf(Upgrade, index + 1))
        {
            var rest = fields.Value(index);
            if (TryTake(ref rest, out _))
            {
                return true;
            }
        }

        return false;
    }

    private static bool Has(HeaderFields offered, ReadOnlySpan<byte> protocol)
    {
        for (var index = offered.IndexOf(Upgrade); index >= 0; index = offered.IndexOf(Upgrade, index + 1))
        {
            for (var rest = offered.Value(index); TryTake(ref rest, out var one);)
            {
                if (Ascii.EqualsIgnoreCase(one, protocol))
                {
                    return true;
                }
            }
        }

        return false;
    }

    // RFC 9110 §5.6.1.2: empty elements of a list are no elements.
    private static bool TryTake(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> element)
    {
        while (!rest.IsEmpty)
        {
            var comma = rest.IndexOf((byte)',');
            element = HttpCharacters.TrimOws(comma < 0 ? rest : rest[..comma]);
            rest = comma < 0 ? default : rest[(comma + 1)..];
            if (!element.IsEmpty)
            {
                return true;
            }
        }

        element = default;
        return false;
    }
}
