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
    private const int GroupBits = 16;

    /// <summary>True for the text between the brackets of an IP-literal.</summary>
    public static bool IsValid(ReadOnlySpan<byte> text) => TryParse(text, out _);

    /// <summary>Reads the text between the brackets of an IP-literal.</summary>
    /// <param name="text">The text.</param>
    /// <param name="value">The address's bits; of no meaning where there is no address.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out UInt128 value)
    {
        var elision = text.IndexOf("::"u8);
        if (elision < 0)
        {
            return TryRead(text, mayEndInIPv4: true, out var all, out value) && all == Groups;
        }

        value = default;
        var after = text[(elision + 2)..];
        var (count, rest) = (0, 0);
        UInt128 last = default;
        if ((elision > 0 && !TryRead(text[..elision], mayEndInIPv4: false, out count, out value))
            || (!after.IsEmpty && !TryRead(after, mayEndInIPv4: true, out rest, out last))
            || count + rest >= Groups)
        {
            return false;
        }

        value = count == 0 ? last : (value << ((Groups - count) * GroupBits)) | last;
        return true;
    }

    /// <summary>Reads an IPv4address.</summary>
    public static bool TryParseIPv4(ReadOnlySpan<byte> text, out uint value)
    {
        value = 0;
        for (var octet = 1; octet <= 4; octet++)
        {
            var dot = text.IndexOf((byte)'.');
            if ((dot < 0) != (octet == 4) || !TryReadOctet(dot < 0 ? text : text[..dot], out var number))
            {
                return false;
            }

            value = (value << 8) | number;
            text = text[(dot + 1)..];
        }

        return true;
    }

    // The groups' bits, the last one lowest.
    private static bool TryRead(ReadOnlySpan<byte> text, bool mayEndInIPv4, out int groups, out UInt128 value)
    {
        (groups, value) = (0, default);
        while (true)
        {
            var colon = text.IndexOf((byte)':');
            var group = colon < 0 ? text : text[..colon];
            if (TryReadGroup(group, out var number))
            {
                groups++;
                value = (value << GroupBits) | number;
            }
            else if (colon < 0 && mayEndInIPv4 && TryParseIPv4(group, out number))
            {
                groups += 2;
                value = (value << (2 * GroupBits)) | number;
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

    private static bool TryReadGroup(ReadOnlySpan<byte> group, out uint number)
    {
        number = 0;
        if (group.Length is < 1 or > 4)
        {
            return false;
        }

        foreach (var character in group)
        {
            var digit = HttpCharacters.HexValue(character);
            if (digit < 0)
            {
                return false;
            }

            number = (number << 4) | (uint)digit;
        }

        return true;
    }

    // dec-octet = 0 to 255, without leading zeros
    private static bool TryReadOctet(ReadOnlySpan<byte> digits, out uint number)
    {
        number = 0;
        if (digits.Length is < 1 or > 3)
        {
            return false;
        }

        foreach (var digit in digits)
        {
            if (!HttpCharacters.IsDigit(digit))
            {
                return false;
            }

            number = (number * 10) + (uint)(digit - '0');
        }

        return number <= 255 && (digits.Length == 1 || digits[0] != (byte)'0');
    }
}
