namespace PipeServer.Http;

/// <summary>The name of a hop: an address, and perhaps a port. A pure function over its bytes.</summary>
internal static class ForwardedNode
{
    /// <summary>The longest name that is read. An IPv6 address in brackets with a port has 54 bytes; what is longer hides something.</summary>
    public const int MaxBytes = 64;

    private const int MaxPortDigits = 5;
    private const int MaxPort = 65535;

    /// <summary>
    /// Reads a node of RFC 7239 §6: <c>192.0.2.7</c>, <c>192.0.2.7:80</c>, <c>[2001:db8::7]</c>, <c>[2001:db8::7]:80</c>. False for
    /// <c>unknown</c>, for a hop that hides (<c>_hidden</c>), and for everything else.
    /// </summary>
    /// <param name="text">The node, without quotation marks.</param>
    /// <param name="address">Its address.</param>
    /// <param name="port">Its port; 0 where there is none, or one that hides (<c>_p</c>).</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out HostAddress address, out int port) =>
        TryParse(text, mayHidePort: true, out address, out port);

    /// <summary>
    /// Reads an element of X-Forwarded-For, which has no grammar: as above, an IPv6 address also without its brackets, and then without a port.
    /// </summary>
    /// <param name="text">The element.</param>
    /// <param name="address">Its address.</param>
    /// <param name="port">Its port; 0 where there is none.</param>
    public static bool TryParseBare(ReadOnlySpan<byte> text, out HostAddress address, out int port)
    {
        port = 0;
        return (text.Length <= MaxBytes && HostAddress.TryParse(text, out address)) || TryParse(text, mayHidePort: false, out address, out port);
    }

    private static bool TryParse(ReadOnlySpan<byte> text, bool mayHidePort, out HostAddress address, out int port)
    {
        (address, port) = (default, 0);
        if (text.Length is 0 or > MaxBytes)
        {
            return false;
        }

        var hasBrackets = text[0] == (byte)'[';
        var end = text.IndexOf(hasBrackets ? (byte)']' : (byte)':');
        if (hasBrackets && end < 0)
        {
            return false;
        }

        var host = hasBrackets ? text[1..end] : end < 0 ? text : text[..end];
        var rest = hasBrackets ? text[(end + 1)..] : text[host.Length..];
        return HostAddress.TryParse(host, out address)
            && host.Contains((byte)':') == hasBrackets
            && (rest.IsEmpty || (rest[0] == (byte)':' && TryReadPort(rest[1..], mayHidePort, out port)));
    }

    // node-port = 1*5DIGIT / "_" 1*( ALPHA / DIGIT / "." / "_" / "-" )
    private static bool TryReadPort(ReadOnlySpan<byte> text, bool mayHide, out int port)
    {
        port = 0;
        if (mayHide && text.Length > 1 && text[0] == (byte)'_')
        {
            return IsHidingName(text[1..]);
        }

        foreach (var digit in text)
        {
            if (!HttpCharacters.IsDigit(digit))
            {
                return false;
            }

            port = (port * 10) + (digit - '0');
        }

        return text.Length is >= 1 and <= MaxPortDigits && port <= MaxPort;
    }

    private static bool IsHidingName(ReadOnlySpan<byte> text)
    {
        foreach (var character in text)
        {
            if (!char.IsAsciiLetterOrDigit((char)character) && character is not ((byte)'.' or (byte)'_' or (byte)'-'))
            {
                return false;
            }
        }

        return true;
    }
}
