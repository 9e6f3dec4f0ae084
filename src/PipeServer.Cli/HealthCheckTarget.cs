using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using PipeServer.Transport;

namespace PipeServer.Cli;

/// <summary>
/// What <c>healthcheck</c> asks: <c>http://HOST[:PORT][/PATH]</c>, the same with <c>https</c>, or on a unix socket <c>unix:SOCKET[:/PATH]</c>, which
/// may also be written as nginx does, <c>http://unix:SOCKET:/PATH</c>; <c>https://unix:SOCKET:/PATH</c> where TLS is spoken on it.
/// </summary>
/// <param name="Address">Where to connect; null when <paramref name="Host"/> has to be looked up first.</param>
/// <param name="Host">The host's name or address.</param>
/// <param name="Port">The port; 0 for a unix socket.</param>
/// <param name="Request">The request, as it is sent.</param>
/// <param name="IsTls">Over TLS.</param>
internal sealed record HealthCheckTarget(EndPoint? Address, string Host, int Port, ReadOnlyMemory<byte> Request, bool IsTls = false)
{
    private const string Unix = "unix:";
    private const string Http = "http://";
    private const string Https = "https://";
    private const string Example = "like http://127.0.0.1:7878/healthz/live or unix:/run/pipeserver.sock:/healthz/live";

    /// <summary>The host is this machine: nobody else can have answered, whatever certificate is shown.</summary>
    public bool IsLoopback => Address is IPEndPoint { Address: var address }
        ? IPAddress.IsLoopback(address)
        : $".{Host}".EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads a URL.</summary>
    /// <param name="text">The URL, as it was written.</param>
    /// <param name="target">What it means.</param>
    /// <param name="problem">What is wrong with it, with the way out.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out HealthCheckTarget? target, out string problem)
    {
        target = null;
        var isTls = text.StartsWith(Https + Unix, StringComparison.OrdinalIgnoreCase);
        var socket = isTls ? text[Https.Length..] : text.StartsWith(Http + Unix, StringComparison.OrdinalIgnoreCase) ? text[Http.Length..] : text;

        // Behind http:// "unix:8080" is a host of that name.
        if (socket.StartsWith(Unix, StringComparison.OrdinalIgnoreCase) && (socket == text || socket is [_, _, _, _, _, '/' or '@' or '.', ..]))
        {
            return TryParseUnix(socket[Unix.Length..], isTls, out target, out problem);
        }

        problem = $"'{text}' is not a URL {Example}";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Host.Length == 0)
        {
            return false;
        }

        problem = url switch
        {
            { Scheme: not ("http" or "https") } => $"'{text}': the scheme must be http or https, {Example}",
            { UserInfo.Length: > 0 } => "a URL with a user or password in it is not supported. Ask a path that is open to all, as --health adds them",
            { Fragment.Length: > 0 } => $"'{text}': a fragment (#) is not sent to a server. Leave it out",
            { Port: 0 } => $"'{text}': no server has port 0",
            _ => "",
        };
        if (problem.Length > 0)
        {
            return false;
        }

        // The zone of a link-local address (behind %25, RFC 6874) is for this machine only, and not sent.
        var name = url.IdnHost.Replace("%25", "%", StringComparison.Ordinal);
        var address = IPAddress.TryParse(name, out var parsed) ? new IPEndPoint(parsed, url.Port) : null;
        var host = address is { AddressFamily: AddressFamily.InterNetworkV6 } ? $"[{name.Split('%')[0]}]" : name;
        var authority = url.IsDefaultPort ? host : string.Create(CultureInfo.InvariantCulture, $"{host}:{url.Port}");
        target = new HealthCheckTarget(address, name, url.Port, RequestFor(url, authority), url.Scheme == "https");
        return true;
    }

    private static bool TryParseUnix(string text, bool isTls, [NotNullWhen(true)] out HealthCheckTarget? target, out string problem)
    {
        target = null;
        var end = text.IndexOf(":/", StringComparison.Ordinal);
        var (place, path) = end < 0 ? (text, "/") : (text[..end], text[(end + 1)..]);
        if (!UnixSocketAddress.TryParse(place, out var address, out problem))
        {
            problem = $"'{Unix}{text}' is no unix socket: {problem}";
            return false;
        }

        if (!Uri.TryCreate("http://localhost" + path, UriKind.Absolute, out var url) || url.Fragment.Length > 0)
        {
            problem = $"'{path}' is no path to ask for. The URL should be {Example}";
            return false;
        }

        target = new HealthCheckTarget(address, "localhost", 0, RequestFor(url, "localhost"), isTls);
        return true;
    }

    // The URL's own text is percent-encoded by now, so that no line end of it can end a line here.
    private static byte[] RequestFor(Uri url, string host) => Encoding.ASCII.GetBytes(
        $"GET {url.PathAndQuery} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: pipeserver-healthcheck\r\nAccept: */*\r\nConnection: close\r\n\r\n");
}
