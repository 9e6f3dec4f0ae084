namespace PipeServer.Http;

/// <summary>
/// RFC 3986 §3.2.2, to the letter: System.Net's parser also takes version 4 addresses, and octal numbers, which others read
/// differently.
/// </summary>
/// <remarks>
/// <code>
/// IPv6address = eight groups h16 joined by ":", of which one "::" may stand for one or more,
///               and an IPv4address for the last two
/// h16         = 1*4HEXDIG
/// IPv4address = dec-octet "." dec-octet "." dec-octet "." dec-octet
/// </code>
/// </remarks>
internal static class IPv6Address
{
    private const int Groups = 8;

    /// <summary>True for the text between the brackets of an IP-literal.</summary>
    public static bool IsValid(ReadOnlySpan<byte> text)
    {
        var elision = text.IndexOf("::"u8);
        if (elision < 0)
        {
            return TryCount(text, mayEndInIPv4: true, out var all) && all == Groups;
        }

        var after = text[(elision + 2)..];
        var count = 0;
        return (elision == 0 || TryCount(text[..elision], mayEndInIPv4: false, out count))
            && (after.IsEmpty || (TryCount(after, mayEndInIPv4: true, out var rest) && (count += rest) > 0))
            && count < Groups;
    }

    private static bool TryCount(ReadOnlySpan<byte> text, bool mayEndInIPv4, out int groups)
    {
        groups = 0;
        while (true)
        {
            var colon = text.IndexOf((byte)':');
            var group = colon < 0 ? text : text[..colon];
            if (IsGroup(group))
            {
                groups++;
            }
            else if (colon < 0 && mayEndInIPv4 && IsIPv4(group))
            {
                groups += 2;
            }
            else
            {
                return false;
            }

            if (colon < 0)
            {
                return true;
            }

            text = text[(colon + 1)..];
        }
    }

    private static bool IsGroup(ReadOnlySpan<byte> group)
    {
        foreach (var digit in group)
        {
            if (HttpCharacters.HexValue(digit) < 0)
            {
                return false;
            }
        }

        return group.Length is >= 1 and <= 4;
    }

    private static bool IsIPv4(ReadOnlySpan<byte> text)
    {
        for (var octet = 1; octet <= 4; octet++)
        {
            var dot = text.IndexOf((byte)'.');
            if ((dot < 0) != (octet == 4) || !IsOctet(dot < 0 ? text : text[..dot]))
            {
                return false;
            }

            text = text[(dot + 1)..];
        }

        return true;
    }

    // dec-octet = 0 to 255, without leading zeros
    private static bool IsOctet(ReadOnlySpan<byte> digits)
    {
        var value = 0;
        foreach (var digit in digits)
        {
            if (!HttpCharacters.IsDigit(digit))
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
        }

        return digits.Length is 1 or 2 or 3 && value <= 255 && (digits.Length == 1 || digits[0] != (byte)'0');
    }
}
