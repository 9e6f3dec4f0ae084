using System.Globalization;
using System.Net;
using PipeServer.Cli.Admin;

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

    /// <summary>
    /// Adds the places where requests are redirected: at the addresses of TLS, by another port. Places that were named serve on as they are.
    /// </summary>
    /// <param name="text">The value of <c>--redirect-http</c>, or null.</param>
    /// <param name="options">The server's options, whose endpoints are known.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public static string? Resolve(string? text, HttpServerOptions options)
    {
        var secure = options.Endpoints.Where(static endpoint => endpoint.IsTls).ToList();
        if (options.StrictTransportSecurity is not null && secure.Count == 0)
        {
            return "--hsts is said over TLS only, and no place speaks it. Name a certificate: --tls-cert FILE --tls-key FILE.";
        }

        if (text is null || !TryParse(text, out var ports))
        {
            return null;
        }

        if (secure.Count == 0)
        {
            return "--redirect-http leads to https, and no place speaks TLS. Name a certificate: --tls-cert FILE --tls-key FILE.";
        }

        var addresses = secure.Select(static endpoint => endpoint.Address?.ToString()).OfType<string>().Distinct(StringComparer.Ordinal).ToList();
        if (addresses.Count == 0)
        {
            return "--redirect-http: TLS is spoken at sockets that have no address here. Pass one more for plain HTTP, and say --listen fd:NAME,redirect=443.";
        }

        HttpEndpoint[] added = [.. addresses.Select(address => new HttpEndpoint(BindAddress.Parse(address), ports.Http) { HttpsRedirectPort = ports.Https })];
        var taken = options.Endpoints.FirstOrDefault(place => added.Any(other => AdminSettings.AreInEachOthersWay(other, place)));
        if (taken is not null)
        {
            return $"--redirect-http {text}: {taken} is a place to listen at already. Choose another port; "
                + "or say of that place that it redirects (--listen ADDRESS:PORT,redirect), and leave --redirect-http out.";
        }

        options.Endpoints = [.. options.Endpoints, .. added];
        return null;
    }

    private static bool TryRead(string text, int lowest, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port >= lowest && port <= IPEndPoint.MaxPort;
}
