using System.Net;

namespace PipeServer.Http;

/// <summary>
/// Host and port, as Host fields, absolute and authority targets have them.
/// RFC 9110 §7.2: Host = uri-host [ ":" port ]
/// </summary>
internal readonly ref struct Authority
{
    public const int NoPort = -1;

    private Authority(ReadOnlySpan<byte> host, int port)
    {
        Host = host;
        Port = port;
    }

    /// <summary>The host as it was sent; an IPv6 address with its brackets.</summary>
    public ReadOnlySpan<byte> Host { get; }

    /// <summary>The port, or <see cref="NoPort"/> when it is missing or empty (RFC 3986 §3.2.3 allows that).</summary>
    public int Port { get; }

    /// <summary>False for anything but one well-formed host with an optional port from 0 to 65535.</summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out Authority authority)
    {
        authority = default;
        int hostLength;
        if (!value.IsEmpty && value[0] == (byte)'[')
        {
            hostLength = value.IndexOf((byte)']') + 1;
            if (hostLength == 0 || !IPv6Address.IsValid(value[1..(hostLength - 1)]))
            {
                return false;
            }
        }
        else
        {
            var colon = value.IndexOf((byte)':');
            hostLength = colon < 0 ? value.Length : colon;
            if (hostLength == 0
                || value[..hostLength].ContainsAnyExcept(HttpCharacters.RegName)
                || !PercentEncoding.IsValid(value[..hostLength]))
            {
                return false;
            }
        }

        var port = NoPort;
        var rest = value[hostLength..];
        if (!rest.IsEmpty && (rest[0] != (byte)':' || !TryParsePort(rest[1..], out port)))
        {
            return false;
        }

        authority = new Authority(value[..hostLength], port);
        return true;
    }

    // port = *DIGIT
    private static bool TryParsePort(ReadOnlySpan<byte> digits, out int port)
    {
        port = NoPort;
        var value = 0;
        foreach (var digit in digits)
        {
            if (!HttpCharacters.IsDigit(digit))
            {
                return false;
            }

            value = (value * 10) + (digit - '0');
            if (value > IPEndPoint.MaxPort)
            {
                return false;
            }
        }

        if (!digits.IsEmpty)
        {
            port = value;
        }

        return true;
    }
}
