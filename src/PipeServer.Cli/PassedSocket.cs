using System.Net.Sockets;

namespace PipeServer.Cli;

/// <summary>A listening socket that the process was given when it started (sd_listen_fds_with_names(3)).</summary>
/// <param name="Descriptor">Its number.</param>
/// <param name="Name">What the unit calls it by FileDescriptorName=.</param>
internal sealed record PassedSocket(int Descriptor, string Name)
{
    /// <summary>The first one's number: SD_LISTEN_FDS_START.</summary>
    public const int FirstDescriptor = 3;

    private const string Prefix = "fd:";

    /// <summary>
    /// What stands behind <c>fd:</c> in an endpoint's text, a name or a number; null when the text starts with something else.
    /// </summary>
    public static string? NameIn(string endpoint) =>
        endpoint.StartsWith(Prefix, StringComparison.Ordinal) ? endpoint[Prefix.Length..].Split(',')[0] : null;

    /// <summary>An endpoint's text with the number of a socket instead of its name; unchanged when it names no socket.</summary>
    public static string WithNumber(string endpoint, int descriptor) =>
        NameIn(endpoint) is { Length: > 0 } name && !name.All(char.IsAsciiDigit)
            ? $"{Prefix}{descriptor}{endpoint[(Prefix.Length + name.Length)..]}"
            : endpoint;

    /// <summary>Whether a descriptor is a unix socket; of none, or one that is not there, it is not.</summary>
    public static bool IsUnixSocket(int? descriptor)
    {
        if (descriptor is null)
        {
            return false;
        }

        try
        {
            using var socket = new Socket(new SafeSocketHandle(descriptor.Value, ownsHandle: false));
            return socket.AddressFamily == AddressFamily.Unix;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
