namespace PipeServer.Cli;

/// <summary>What <c>--address</c> said.</summary>
/// <param name="Address">The address, if there is no path.</param>
/// <param name="UnixSocketPath">The path of a unix socket, or null.</param>
internal sealed record ListenAddress(BindAddress Address, string? UnixSocketPath)
{
    /// <summary>As it was written; <c>--help</c> shows the default's.</summary>
    public override string ToString() => UnixSocketPath is null ? Address.ToString() : $"unix:{UnixSocketPath}";
}
