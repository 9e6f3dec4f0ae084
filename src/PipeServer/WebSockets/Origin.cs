using System.Globalization;

namespace PipeServer.WebSockets;

/// <summary>Origins of pages (RFC 6454 §6.2).</summary>
internal static class Origin
{
    private const string NotInAuthority = "/\\?#@\"<>^`{|},%";

    /// <summary>One spelling for each origin: in lower case, and without the port that is its scheme's own. Null for what is no origin.</summary>
    public static string? TryNormalize(string text)
    {
        if (text == "null")
        {
            return text;
        }

        var end = text.IndexOf("://", StringComparison.Ordinal);
        if (end <= 0 || !text.AsSpan(0, end).ContainsOnlySchemeCharacters())
        {
            return null;
        }

        var (scheme, authority) = (text[..end].ToLowerInvariant(), text[(end + 3)..].ToLowerInvariant());
        if (authority.Length == 0 || !authority.All(static letter => letter is > ' ' and <= '~' && !NotInAuthority.Contains(letter, StringComparison.Ordinal)))
        {
            return null;
        }

        var colon = authority.LastIndexOf(':');
        var isPort = colon > authority.LastIndexOf(']');
        var host = isPort ? authority[..colon] : authority;
        if (host.Length == 0 || (host[0] == '[' ? host[^1] != ']' : host.AsSpan().IndexOfAny("[]:") >= 0))
        {
            return null;
        }

        if (!isPort)
        {
            return $"{scheme}://{host}";
        }

        if (!ushort.TryParse(authority.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port))
        {
            return null;
        }

        return (scheme, port) is ("http" or "ws", 80) or ("https" or "wss", 443)
            ? $"{scheme}://{host}"
            : string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{port}");
    }

    private static bool ContainsOnlySchemeCharacters(this ReadOnlySpan<char> scheme)
    {
        foreach (var letter in scheme)
        {
            if (!char.IsAsciiLetterOrDigit(letter) && letter is not ('+' or '-' or '.'))
            {
                return false;
            }
        }

        return char.IsAsciiLetter(scheme[0]);
    }
}
