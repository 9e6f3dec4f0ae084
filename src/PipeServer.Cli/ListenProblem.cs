using System.Net.Sockets;

namespace PipeServer.Cli;

/// <summary>What the program says of a place at which it cannot listen.</summary>
internal static class ListenProblem
{
    /// <summary>One line: the place, what is wrong with it, and the way out by the options of the command line.</summary>
    public static string Explain(ListenException exception)
    {
        var endpoint = exception.Endpoint;
        if (endpoint.Descriptor is { } descriptor)
        {
            return $"descriptor {descriptor}, which LISTEN_FDS names, is not a listening socket: {exception.Reason}";
        }

        if (endpoint.UnixSocketPath is { } path)
        {
            return $"cannot listen on unix:{path}: {exception.Explanation}";
        }

        var where = $"{endpoint.Address} port {endpoint.Port}";
        var option = endpoint.HttpsRedirectPort is null ? "--port" : "--redirect-http PORT";
        return exception.SocketErrorCode switch
        {
            SocketError.AddressAlreadyInUse =>
                $"cannot listen on {where}: the port is in use. Stop the other program, or choose another with {option} (0 takes a free one).",
            SocketError.AccessDenied when endpoint.Port is > 0 and < 1024 =>
                $"cannot listen on {where}: permission denied. Choose a port from 1024 on with {option}, or give the process CAP_NET_BIND_SERVICE.",
            SocketError.AddressNotAvailable =>
                $"cannot listen on {where}: this machine does not have that address. Choose one of its own with --address.",
            _ => $"cannot listen on {where}: {exception.Explanation} See --address and --port.",
        };
    }
}
