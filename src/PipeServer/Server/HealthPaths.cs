namespace PipeServer.Server;

/// <summary>Where <see cref="HttpServerOptions.HealthChecks"/> are answered.</summary>
internal static class HealthPaths
{
    /// <summary>Whether the process runs.</summary>
    public const string Live = "/healthz/live";

    /// <summary>Whether more requests are welcome.</summary>
    public const string Ready = "/healthz/ready";
}
