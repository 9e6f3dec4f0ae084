using System.Text;

namespace PipeServer.Server;

/// <summary>Where <see cref="HttpServerOptions.HealthChecks"/> are answered.</summary>
internal static class HealthPaths
{
    /// <summary>Whether the process runs.</summary>
    public const string Live = "/healthz/live";

    /// <summary>Whether more requests are welcome.</summary>
    public const string Ready = "/healthz/ready";

    /// <summary>Whether a decoded path is one of them. A probe that is refused takes a server that is well out of service.</summary>
    public static bool IsOne(ReadOnlySpan<byte> path) => Ascii.Equals(path, Live) || Ascii.Equals(path, Ready);
}
