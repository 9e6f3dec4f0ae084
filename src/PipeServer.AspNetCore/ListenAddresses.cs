using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace PipeServer.AspNetCore;

/// <summary>The host's addresses (<c>http://localhost:5000</c>) as endpoints, and back once the ports are known.</summary>
internal static class ListenAddresses
{
    /// <summary>Where the server listens when nobody says where.</summary>
    public const string Default = "http://localhost:5000";

    private const string Localhost = "localhost";
    private const string UnixPrefix = "unix:";

    /// <summary>Reads an address.</summary>
    /// <exception cref="FormatException">It is none; the message says what is wrong.</exception>
    public static HttpEndpoint Parse(string address)
    {
        if (address.StartsWith(UnixPrefix, StringComparison.OrdinalIgnoreCase))
        {
            return Unix(address, address[UnixPrefix.Length..]);
        }

        BindingAddress parsed;
        try
        {
            parsed = BindingAddress.Parse(address);
        }
        catch (FormatException exception)
        {
            throw new FormatException(
                $"'{address}' is not an address to listen at: it must be http://HOST:PORT, https://HOST:PORT or unix:/PATH.", exception);
        }

        var isTls = parsed.Scheme.Equals("https", StringComparison.OrdinalIgnoreCase);
        if (!isTls && !parsed.Scheme.Equals("http", StringComparison.OrdinalIgnoreCase))
        {
            throw new FormatException($"'{address}' is not an address to listen at: its scheme must be http or https.");
        }

        if (parsed.IsNamedPipe)
        {
            throw new FormatException($"'{address}' is a named pipe, which PipeServer does not serve. Use unix:/PATH.");
        }

        if (parsed.PathBase.Length > 0 && !parsed.IsUnixPipe)
        {
            throw new FormatException($"'{address}' has a path. Leave it out; an application below a path calls UsePathBase.");
        }

        var endpoint = parsed.IsUnixPipe ? Unix(address, parsed.UnixPipePath) : Tcp(address, parsed);
        endpoint.IsTls = isTls;
        return endpoint;
    }

    /// <summary>The addresses with the ports that they have got.</summary>
    /// <param name="addresses">As the host has said.</param>
    /// <param name="endpoints">What has become of each of them.</param>
    /// <param name="bound">Where the server listens, in their order; one that is localhost may be there twice.</param>
    public static IReadOnlyList<string> WithPorts(IReadOnlyList<string> addresses, IReadOnlyList<HttpEndpoint> endpoints, IReadOnlyList<EndPoint> bound)
    {
        var result = new List<string>();
        var next = 0;
        for (var index = 0; index < endpoints.Count && next < bound.Count; index++)
        {
            var place = bound[next++] as IPEndPoint;
            if (endpoints[index].IsLocalhost)
            {
                while (next < bound.Count && bound[next] is IPEndPoint other && other.Port == place!.Port && IPAddress.IsLoopback(other.Address))
                {
                    next++; // the other loopback address
                }
            }

            result.Add(place is null ? addresses[index] : WithPort(addresses[index], place));
        }

        return result;
    }

    // As with Kestrel, what is every address is told by its number: clients make a URI of it.
    private static string WithPort(string address, IPEndPoint place)
    {
        var parsed = BindingAddress.Parse(address);
        var host = parsed.Host.ToLowerInvariant();
        if (host != Localhost && !IPAddress.TryParse(host.Trim('[', ']'), out _))
        {
            host = place.Address.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{place.Address}]" : place.Address.ToString();
        }

        return string.Create(CultureInfo.InvariantCulture, $"{parsed.Scheme.ToLowerInvariant()}://{host}:{place.Port}");
    }

    private static HttpEndpoint Tcp(string address, BindingAddress parsed)
    {
        if (parsed.Port is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
        {
            throw new FormatException($"'{address}' is not an address to listen at: the port must be from {IPEndPoint.MinPort} to {IPEndPoint.MaxPort}.");
        }

        if (parsed.Host.Equals(Localhost, StringComparison.OrdinalIgnoreCase))
        {
            return HttpEndpoint.Localhost(parsed.Port);
        }

        // Any other name, * and + too, is every address, as with Kestrel: a host to come by is not a place to listen at.
        return IPAddress.TryParse(parsed.Host.Trim('[', ']'), out var ip)
            ? new HttpEndpoint(ip, parsed.Port)
            : new HttpEndpoint(Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any, parsed.Port);
    }

    private static HttpEndpoint Unix(string address, string path)
    {
        try
        {
            return HttpEndpoint.Unix(path);
        }
        catch (ArgumentException exception)
        {
            throw new FormatException($"'{address}' is not an address to listen at: {exception.Message}", exception);
        }
    }
}
