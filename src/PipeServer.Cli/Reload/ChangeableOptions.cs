namespace PipeServer.Cli.Reload;

/// <summary>The options that a reload can change. All others keep their values until the program is started again.</summary>
internal static class ChangeableOptions
{
    private static readonly HashSet<string> Names = new(StringComparer.Ordinal)
    {
        "ROOT",
        "--index", "--browse", "--base-path", "--spa", "--ext", "--mime", "--compress", "--cache", "--immutable", "--header", "--cors", "--attachment",
        "--auth-file", "--admin-auth-file", "--hidden", "--follow-symlinks", "--file-cache", "--file-cache-max", "--file-cache-count", "--max-sorted",
        "--grace", "--drain-delay", "--drain-idle", "--report", "--upgrade-timeout",
        "--log-level", "--log-format", "--quiet", "--access-log", "--access-log-format", "--access-log-skip",
        "--max-connections", "--max-connections-per-ip", "--max-streams", "--max-request-line", "--max-request-head", "--max-request-headers",
        "--max-request-body", "--min-rate", "--rate-limit", "--trusted-proxy", "--forwarded",
        "--hsts", "--unknown-host", "--etag", "--server-header", "--date",
        "--tls-cert", "--tls-key", "--tls-pfx", "--tls-pfx-password-file", "--tls-self-signed", "--tls-min", "--tls-ciphers", "--tls-client-ca",
        "--tls-client-optional", "--tls-ticket-keys", "--tls-engine", "--max-handshakes",
        "--keep-alive-timeout", "--head-timeout", "--body-timeout", "--write-timeout", "--queue-timeout",
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyCollection<string> All => Names;

    /// <summary>Whether an option can change.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="start">
    /// What the program was started with: a log of requests and TLS are not begun later, and the routes of <c>--demo</c> do not move.
    /// </param>
    public static bool Contains(string name, ServeSettings start) => name switch
    {
        "--access-log" => start.AccessLogPath is not null,
        "--base-path" => !start.Demo,
        "--unknown-host" or "sites" => start.NeedsRouter,
        _ when name.StartsWith(OptionValue.SitePrefix, StringComparison.Ordinal) => start.NeedsRouter,
        _ when name.StartsWith("--tls-", StringComparison.Ordinal) => start.Tls.IsWanted && Names.Contains(name),
        _ => Names.Contains(name),
    };
}
