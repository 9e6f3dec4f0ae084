using System.Net.Sockets;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>A server could not listen on one of its endpoints; the message names it and the way out.</summary>
#pragma warning disable CA1032 // Only a start throws it, and it has nothing to say without its endpoint and its cause.
public sealed class ListenException : SocketException
#pragma warning restore CA1032
{
    private const int FirstFreePort = 1024;

    internal ListenException(HttpEndpoint endpoint, SocketException cause)
        : this(endpoint, cause, Explain(endpoint, cause))
    {
    }

    private ListenException(HttpEndpoint endpoint, SocketException cause, string explanation)
        : base((int)cause.SocketErrorCode, $"Cannot listen on {endpoint}: {explanation}")
    {
        Endpoint = endpoint;
        Reason = cause.Message;
        Explanation = explanation;
    }

    /// <summary>Where the server was to listen.</summary>
    public HttpEndpoint Endpoint { get; }

    /// <summary>The system's own words.</summary>
    public string Reason { get; }

    /// <summary>What is wrong and the way out, in one line without the endpoint.</summary>
    public string Explanation { get; }

    private static string Explain(HttpEndpoint endpoint, SocketException cause)
    {
        if (endpoint.Descriptor is { } descriptor)
        {
            return $"descriptor {descriptor} is not a listening socket that this process was passed: {cause.Message}.";
        }

        if (cause is EndPointException)
        {
            return cause.Message;
        }

        return endpoint.UnixSocketPath is { } path ? ExplainUnix(path, endpoint.HasSocketFile, cause) : cause.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => "it is in use. Stop the other program, or choose another place; port 0 takes a free one.",
            SocketError.AccessDenied when endpoint.Port is > 0 and < FirstFreePort =>
                $"permission denied. Choose a port from {FirstFreePort} on, or give the process the capability CAP_NET_BIND_SERVICE.",
            SocketError.AccessDenied => "permission denied: a rule of this system forbids it. Choose another port.",
            SocketError.AddressNotAvailable => "this machine does not have that address. Choose one of its own.",
            SocketError.AddressFamilyNotSupported when endpoint.Address?.Value.AddressFamily == AddressFamily.InterNetworkV6 =>
                "this machine has no IPv6. Choose an IPv4 address.",
            SocketError.AddressFamilyNotSupported => "this machine has no IPv4. Choose an IPv6 address.",
            SocketError.InvalidArgument when endpoint.Address?.Value is { IsIPv6LinkLocal: true, ScopeId: 0 } link =>
                $"an address of one link needs the name of its interface, like {link}%eth0.",
            SocketError.InvalidArgument when endpoint.Address?.Value is { IsIPv4MappedToIPv6: true } mapped => $"write it as {mapped.MapToIPv4()}.",
            _ => $"{cause.Message}.",
        };
    }

    // By looking: the errors of different systems differ, and one of them stands for several causes.
    private static string ExplainUnix(string path, bool isFile, SocketException cause)
    {
        var folder = isFile ? Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/" : "/";
        if (cause.SocketErrorCode == SocketError.AddressFamilyNotSupported)
        {
            return "this system has no unix sockets. Choose an address and a port.";
        }

        if (!Directory.Exists(folder))
        {
            return $"there is no folder {folder}, or the process may not look into it. Create it, or choose another path.";
        }

        if (Directory.Exists(path))
        {
            return "it is a folder. Choose a path in it.";
        }

        if (isFile && (cause.SocketErrorCode == SocketError.AddressAlreadyInUse || File.Exists(path)))
        {
            return File.Exists(path) && !UnixSocketFile.IsSocket(path)
                ? "there is a file that is not a socket. Move it away, or choose another path."
                : "it is in use. Stop the other program, or choose another path.";
        }

        return cause.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse => "it is in use. Stop the other program, or choose another name.",
            SocketError.AccessDenied => $"permission denied. The process must be allowed to write to the folder {folder}.",
            _ => $"{cause.Message}. The folder {folder} must be writable.",
        };
    }
}
