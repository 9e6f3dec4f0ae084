using System.Net;

namespace PipeServer.Cli;

/// <summary>What <c>--address</c> said.</summary>
/// <param name="Address">The IP address, if there is no path.</param>
/// <param name="UnixSocketPath">The path of a unix socket, or null.</param>
/// <param name="IsLocalhost">Every address that localhost names.</param>
internal sealed record ListenAddress(IPAddress Address, string? UnixSocketPath, bool IsLocalhost = false)
{
    /// <summary>As it was written; <c>--help</c> shows the default's.</summary>
    public override string ToString() => IsLocalhost ? "localhost" : UnixSocketPath is null ? Address.ToString() : $"unix:{UnixSocketPath}";
}
