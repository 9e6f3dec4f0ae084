using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>
/// The text form of an <see cref="HttpEndpoint"/>: its place, then the words of its options, with commas in between. A comma in the path of
/// a unix socket is written twice.
/// </summary>
internal static class HttpEndpointText
{
    /// <summary>Stands in a problem between an option that there is not and those that there are.</summary>
    internal const string OptionsAre = "; the options are ";

    private const string ProxyWord = "proxy";
    private const string TlsWord = "tls";
    private const string Http2Word = "h2c";
    private const string Http1Word = "h1";
    private const string ModeWord = "mode=";
    private const string GroupWord = "group=";
    private const string RedirectWord = "redirect";
    private const string Words = "proxy, tls, h1 behind tls, h2c, redirect or redirect=PORT, and behind unix:PATH mode=660 and group=NAME";
    private const string UnixPrefix = "unix:";
    private const string DescriptorPrefix = "fd:";
    private const string Localhost = "localhost";

    private const string Forms = "ADDRESS:PORT, [IPv6]:PORT, localhost:PORT, unix:PATH, unix:@NAME or fd:NUMBER";

    /// <summary>Writes the text form.</summary>
    public static string Write(HttpEndpoint endpoint)
    {
        var place = endpoint switch
        {
            { UnixSocketPath: { } path } => UnixPrefix + path.Replace(",", ",,", StringComparison.Ordinal),
            { Descriptor: { } descriptor } => DescriptorPrefix + descriptor.ToString(CultureInfo.InvariantCulture),
            { IsLocalhost: true } => string.Create(CultureInfo.InvariantCulture, $"{Localhost}:{endpoint.Port}"),
            _ => endpoint.Place.ToString()!,
        };
        var words = (endpoint.ProxyProtocol ? "," + ProxyWord : "")
            + (endpoint.IsTls ? "," + TlsWord : "")
            + (endpoint.IsTls && !endpoint.IsHttp2 ? "," + Http1Word : "")
            + (!endpoint.IsTls && endpoint.IsHttp2 ? "," + Http2Word : "")
            + (endpoint.HttpsRedirectPort is not null ? "," + RedirectWord : "")
            + (endpoint.HttpsRedirectPort is > 0 ? string.Create(CultureInfo.InvariantCulture, $"={endpoint.HttpsRedirectPort}") : "")
            + (endpoint.SocketMode is { } mode ? $",{ModeWord}{WriteMode(mode)}" : "")
            + (endpoint.SocketGroup is { } group ? $",{GroupWord}{group}" : "");
        return place + words;
    }

    /// <summary>Reads the text form; null, and what is wrong with it.</summary>
    public static HttpEndpoint? Read(string text, out string problem)
    {
        var isUnix = text.StartsWith(UnixPrefix, StringComparison.Ordinal);
        var end = EndOfPlace(text, isUnix);
        var endpoint = isUnix ? ReadUnix(text[UnixPrefix.Length..end], out problem) : ReadPlace(text[..end], out problem);
        if (endpoint is null || end == text.Length)
        {
            return endpoint;
        }

        foreach (var word in text[(end + 1)..].Split(','))
        {
            if (!TryApply(word, endpoint, out problem))
            {
                return null;
            }
        }

        problem = ProblemOfProtocols(endpoint);
        return problem.Length == 0 ? endpoint : null;
    }

    /// <summary>Reads the permissions of a file as chmod(1) writes them, in octal.</summary>
    public static bool TryReadMode(string text, out UnixFileMode mode)
    {
        mode = default;
        if (text.Length is < 1 or > 4 || text.AsSpan().ContainsAnyExceptInRange('0', '7'))
        {
            return false;
        }

        mode = (UnixFileMode)text.Aggregate(0, static (value, digit) => (value * 8) + (digit - '0'));
        return (mode & ~HttpEndpoint.AllPermissions) == UnixFileMode.None;
    }

    /// <summary>Writes permissions in octal.</summary>
    public static string WriteMode(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(3, '0');

    // The first comma; behind unix: the first one that is not one of two.
    private static int EndOfPlace(string text, bool isUnix)
    {
        var comma = text.IndexOf(',', StringComparison.Ordinal);
        while (isUnix && comma >= 0 && comma + 1 < text.Length && text[comma + 1] == ',')
        {
            comma = text.IndexOf(',', comma + 2);
        }

        return comma < 0 ? text.Length : comma;
    }

    // Once all words are known: they may come in any order.
    private static string ProblemOfProtocols(HttpEndpoint endpoint) => (endpoint.IsTls, endpoint.Protocols) switch
    {
        (true, { } protocols) when protocols != HttpProtocols.Http1 =>
            $"{Http2Word} is HTTP/2 in clear text, and {TlsWord} speaks HTTP/2 without a word: leave {Http2Word} out",
        (false, HttpProtocols.Http1) =>
            $"{Http1Word} takes HTTP/2 from an endpoint with {TlsWord}; in clear text there is none without {Http2Word}: leave {Http1Word} out",
        _ => "",
    };

    private static bool TryApply(string word, HttpEndpoint endpoint, out string problem)
    {
        problem = "";
        if (word == ProxyWord)
        {
            endpoint.ProxyProtocol = true;
            return true;
        }

        if (word == TlsWord)
        {
            endpoint.IsTls = true;
            return true;
        }

        if (word is Http1Word or Http2Word)
        {
            problem = endpoint.Protocols is null ? "" : $"{Http1Word} and {Http2Word} are there together, or one of them twice: leave one out";
            endpoint.Protocols = word == Http1Word ? HttpProtocols.Http1 : HttpProtocols.Http1 | HttpProtocols.Http2;
            return problem.Length == 0;
        }

        if (word == RedirectWord)
        {
            endpoint.HttpsRedirectPort = 0;
            return true;
        }

        if (word.StartsWith(RedirectWord + "=", StringComparison.Ordinal))
        {
            var isPort = TryReadNumber(word[(RedirectWord.Length + 1)..], IPEndPoint.MaxPort, out var port) && port > 0;
            problem = isPort ? "" : $"the port of https must be from 1 to {IPEndPoint.MaxPort}";
            endpoint.HttpsRedirectPort = port;
            return isPort;
        }

        if (word.StartsWith(ModeWord, StringComparison.Ordinal) || word.StartsWith(GroupWord, StringComparison.Ordinal))
        {
            var value = word[(word.IndexOf('=', StringComparison.Ordinal) + 1)..];
            if (!endpoint.HasSocketFile)
            {
                problem = $"{word} is for the file of a unix socket, and there is none";
            }
            else if (word[0] == 'g')
            {
                endpoint.SocketGroup = value;
                problem = value.Length > 0 ? "" : "the name of the group is missing";
            }
            else if (TryReadMode(value, out var mode))
            {
                endpoint.SocketMode = mode;
            }
            else
            {
                problem = $"the mode must be octal, from 0 to 777, and '{value}' is not";
            }

            return problem.Length == 0;
        }

        problem = $"there is no option '{word}'{OptionsAre}{Words}"
            + (endpoint.UnixSocketPath is null ? "" : " (a comma in the path is written twice)");
        return false;
    }

    private static HttpEndpoint? ReadUnix(string path, out string problem) =>
        UnixSocketAddress.TryParse(path.Replace(",,", ",", StringComparison.Ordinal), out var endPoint, out problem) ? new HttpEndpoint(endPoint) : null;

    private static HttpEndpoint? ReadPlace(string text, out string problem)
    {
        if (text.StartsWith(DescriptorPrefix, StringComparison.Ordinal))
        {
            problem = "the number of a passed socket must be 3 or more";
            return TryReadNumber(text[DescriptorPrefix.Length..], int.MaxValue, out var descriptor) && descriptor >= 3
                ? HttpEndpoint.Inherited(descriptor)
                : null;
        }

        var colon = text.LastIndexOf(':');
        var place = colon < 0 ? "" : text[..colon];
        var isLocalhost = place.Equals(Localhost, StringComparison.OrdinalIgnoreCase);
        IPAddress? address = null;
        problem = $"it must be {Forms}";
        if (!isLocalhost && !TryReadAddress(place, out address))
        {
            return null;
        }

        problem = $"the port must be from {IPEndPoint.MinPort} to {IPEndPoint.MaxPort}";
        return !TryReadNumber(text[(colon + 1)..], IPEndPoint.MaxPort, out var port) ? null
            : isLocalhost ? HttpEndpoint.Localhost(port)
            : new HttpEndpoint(address!, port);
    }

    private static bool TryReadAddress(string text, [NotNullWhen(true)] out IPAddress? address)
    {
        if (text is ['[', .. var inner, ']'])
        {
            return IPAddress.TryParse(inner, out address) && address.AddressFamily == AddressFamily.InterNetworkV6;
        }

        // Only a text that comes out as it was written: 8080 would be read as 0.0.31.144. IPv6 needs brackets, or its
        // last group would be the port.
        return IPAddress.TryParse(text, out address) && address.AddressFamily == AddressFamily.InterNetwork && address.ToString() == text;
    }

    private static bool TryReadNumber(string text, int highest, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= highest;
}
