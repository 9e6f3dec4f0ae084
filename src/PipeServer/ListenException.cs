using System.Net.Sockets;

namespace PipeServer;

/// <summary>A server could not listen on one of its endpoints; the message names it and the way out.</summary>
#pragma warning disable CA1032 // Only a start throws it, and it has nothing to say without its endpoint and its cause.
public sealed class ListenException : SocketException
#pragma warning restore CA1032
{
    internal ListenException(HttpEndpoint endpoint, SocketException cause)
        : base((int)cause.SocketErrorCode, $"Cannot listen on {endpoint}: {Explain(cause)}")
    {
        Endpoint = endpoint;
        Reason = cause.Message;
    }

    /// <summary>Where the server was to listen.</summary>
    public HttpEndpoint Endpoint { get; }

    /// <summary>The system's own words.</summary>
    public string Reason { get; }

    private static string Explain(SocketException cause) => cause.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => "it is in use. Stop the other program, or choose another place; port 0 takes a free one.",
        SocketError.AccessDenied => "permission denied. Choose a port from 1024 on, or a path that the process may write to.",
        SocketError.AddressNotAvailable => "this machine does not have that address. Choose one of its own.",
        _ => cause.Message,
    };
}
