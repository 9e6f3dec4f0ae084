using System.Globalization;
using System.Net;

namespace PipeServer.Cli;

/// <summary>The ports of <c>--redirect-http</c>.</summary>
/// <param name="Http">Where requests are redirected from; 0 for a free port.</param>
/// <param name="Https">Where to, as clients name it; 0 for the port of TLS.</param>
internal readonly record struct RedirectPorts(int Http, int Https)
{
    /// <summary>Reads <c>80</c>, or <c>8080:443</c>.</summary>
    public static bool TryParse(string text, out RedirectPorts ports)
    {
        var parts = text.Split(':');
        ports = default;
        if (parts.Length > 2 || !TryRead(parts[0], IPEndPoint.MinPort, out var http))
        {
            return false;
        }

        var https = 0;
        if (parts.Length == 2 && !TryRead(parts[1], 1, out https))
        {
            return false;
        }

        ports = new RedirectPorts(http, https);
        return true;
    }

    private static bool TryRead(string text, int lowest, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port >= lowest && port <= IPEndPoint.MaxPort;
}
