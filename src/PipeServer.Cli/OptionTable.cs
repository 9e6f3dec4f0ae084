using System.CommandLine;
using Microsoft.Extensions.Logging;
using PipeServer.StaticFiles;
using static PipeServer.Cli.OptionKinds;

namespace PipeServer.Cli;

/// <summary>
/// All options, one row each: this is the one place to add one. Help, <c>check</c>, the environment and the configuration file follow
/// from the rows; the tables of docs/command-line.md are held against them by a test.
/// </summary>
internal sealed class OptionTable
{
    private static readonly HttpServerOptions Server = new();
    private static readonly StaticFileOptions Files = new();

    private static readonly string ServerWithVersion = $"{Server.ServerHeader}/{typeof(HttpServer).Assembly.GetName().Version!.ToString(3)}";

    /// <summary>The option that names the file of options.</summary>
    public static readonly Option<string?> Config = Text("--config", "PATH", "A JSON file of options: { \"port\": 8080, \"browse\": true }.");

    /// <summary>The rows in the order of the help.</summary>
    public IReadOnlyList<OptionGroup> Groups { get; } =
    [
        new("Listening",
        [
            OptionRow.Of(
                Address("--address", "Where to listen: localhost; 0.0.0.0 or :: for all; unix:PATH or unix:@NAME.", Server.Address, "-a"),
                static (settings, value) => settings.SetAddress(value)),
            OptionRow.Of(
                Number("--port", "The port to listen on; 0 takes a free one.", Server.Port, 0, 65535, "-p"),
                static (settings, value) => settings.Options.Port = value),
            OptionRow.Of(
                Endpoints("--listen", "Places: ADDRESS:PORT, unix:PATH, fd:NAME; ,tls ,h2c ,proxy ,mode=660 behind; repeatable."),
                static (settings, value) => settings.Listen = value) with { Property = nameof(HttpServerOptions.Endpoints) },
            OptionRow.Of(
                Mode("--socket-mode", "Permissions of the files of unix sockets, like 660; otherwise what the umask leaves."),
                static (settings, value) => settings.SetSocketMode(value)) with { Property = nameof(HttpServerOptions.SocketMode) },
            OptionRow.Of(
                Text("--socket-group", "NAME", "The group of these files, by its name or number."),
                static (settings, value) => settings.Options.SocketGroup = value) with { Property = nameof(HttpServerOptions.SocketGroup) },
            OptionRow.Of(
                Flag("--proxy-protocol", "All connections begin with a PROXY header, from --trusted-proxy."),
                static (settings, value) => settings.Options.ProxyProtocol = value) with { Property = nameof(HttpServerOptions.ProxyProtocol) },
            OptionRow.Of(
                Proxies("--trusted-proxy", "Whose word about clients is believed, by PROXY header or --forwarded; may be repeated."),
                static (settings, value) => settings.SetTrustedProxies(value)) with { Property = nameof(HttpServerOptions.TrustedProxies) },
            OptionRow.Of(
                Choice("--forwarded", "HEADER", "How proxies name clients: x-forwarded-for, forwarded or none.", "x-forwarded-for", "forwarded", "none"),
                static (settings, value) => settings.SetForwardedHeader(value)),
            OptionRow.Of(
                Flag("--reuse-port", "Share the port; loses clients unless net.ipv4.tcp_migrate_req=1: prefer an upgrade."),
                static (settings, value) => settings.Options.ReusePort = value),
            OptionRow.Of(
                Choice("--transport", "NAME", "epoll (Linux; elsewhere the same as sockets) or sockets.", "epoll", "sockets"),
                static (settings, value) => settings.UsesSockets = value == "sockets"),
        ]),
        new("TLS",
        [
            OptionRow.Of(
                Several("--tls-cert", "PATH", "Certificate, chain (PEM); by name (SNI). All ports speak TLS, or those with ,tls."),
                static (settings, value) => settings.Tls.CertificatePaths = value) with { IsOfSites = true },
            OptionRow.Of(
                Several("--tls-key", "PATH", "The key of each --tls-cert, in order; none where it is in the same file."),
                static (settings, value) => settings.Tls.KeyPaths = value) with { IsOfSites = true },
            OptionRow.Of(
                Several("--tls-pfx", "PATH", "Both in a PKCS#12 file; its password by PIPESERVER_TLS_PFX_PASSWORD, or:"),
                static (settings, value) => settings.Tls.Pkcs12Paths = value) with { IsOfSites = true },
            OptionRow.Of(
                Several("--tls-pfx-password-file", "PATH", "The file of the password."),
                static (settings, value) => settings.Tls.PasswordPaths = value) with { IsOfSites = true },
            OptionRow.Of(
                Flag("--tls-self-signed", "Make a certificate for localhost and this machine's names, and keep it."),
                static (settings, value) => settings.Tls.IsSelfSigned = value),
            OptionRow.Of(
                Choice("--tls-min", "VERSION", "The lowest version, 1.2 or 1.3.", "1.2", "1.3"),
                static (settings, value) => settings.Tls.SetMinVersion(value)),
            OptionRow.Of(
                Text("--tls-ciphers", "LIST", "Suites with colons in between; otherwise Mozilla's intermediate profile."),
                static (settings, value) => settings.Tls.CipherSuites = value) with { Property = "TlsOptions.CipherSuites" },
            OptionRow.Of(
                Text("--tls-client-ca", "PATH", "Ask clients for certificates, of the authorities in this file (mutual TLS)."),
                static (settings, value) => settings.Tls.ClientAuthoritiesPath = value) with { IsOfSites = true },
            OptionRow.Of(
                Flag("--tls-client-optional", "Let clients without a certificate in all the same."),
                static (settings, value) => settings.Tls.ClientsAreOptional = value),
            OptionRow.Of(
                Several("--tls-ticket-keys", "PATH", "80 bytes that encrypt session tickets, for replicas; the first for new ones."),
                static (settings, value) => settings.Tls.TicketKeyPaths = value) with { Property = "TlsOptions.TicketKeys" },
            OptionRow.Of(
                Choice("--tls-engine", "NAME", "openssl (Linux), sslstream, or auto: the first where there is one.", "auto", "openssl", "sslstream"),
                static (settings, value) => settings.Tls.SetEngine(value)) with { Property = "TlsOptions.Engine" },
            OptionRow.OfOptional(
                Redirect("--redirect-http", "Redirect plain HTTP to https, at port 80 if none is named; 8080:443 names both."),
                "80",
                static (settings, value) => settings.RedirectHttp = value),
            OptionRow.OfOptional(
                StrictTransport("--hsts", "Have browsers come by https only, for a year if not named; \"; includeSubDomains\" behind."),
                "31536000",
                static (settings, value) => settings.Options.StrictTransportSecurity = value is null ? null : StrictTransportSecurity.Parse(value)),
            OptionRow.Of(
                Count("--max-handshakes", "TLS handshakes at once; beyond that closed. Otherwise half of --max-connections."),
                static (settings, value) => settings.Options.MaxHandshakes = value) with { Property = nameof(HttpServerOptions.MaxHandshakes) },
        ]),
        new("Admin side",
        [
            OptionRow.Of(
                AdminPlace("--admin", "Dashboard, metrics, drain, reload: PORT (of 127.0.0.1), ADDRESS:PORT or unix:PATH."),
                static (settings, value) => settings.Admin.Place = value),
            OptionRow.Of(
                Text("--admin-auth-file", "PATH", "Its users, as in --auth-file; needed where other machines reach it."),
                static (settings, value) => settings.Admin.AuthFile = value),
        ]),
        new("Files",
        OfSites(
        [
            OptionRow.Of(
                Several("--index", "NAME", "The file that stands for its folder; may be repeated.", "index.html"),
                static (settings, value) => settings.Files.IndexFiles = value) with { Property = nameof(StaticFileOptions.IndexFiles) },
            OptionRow.Of(
                Flag("--browse", "List folders that have no index file; as JSON to a client that prefers it."),
                static (settings, value) => settings.Files.Browse = value),
            OptionRow.Of(
                Text("--base-path", "PREFIX", "What a proxy in front passes on before each path, like /files; the rest is below ROOT."),
                static (settings, value) => settings.Files.BasePath = value ?? "") with { Property = nameof(StaticFileOptions.BasePath) },
            OptionRow.OfOptional(
                Text("--spa", "FILE", "What answers paths at which there is nothing; index.html if not named.", mayGoWithout: true),
                "index.html",
                static (settings, value) => settings.Files.SpaFile = value) with { Property = nameof(StaticFileOptions.SpaFile) },
            OptionRow.Of(
                Text("--ext", "EXT", "An extension that paths may leave out: with html, /about is /about.html."),
                static (settings, value) => settings.Files.DefaultExtension = value) with { Property = nameof(StaticFileOptions.DefaultExtension) },
            OptionRow.Of(
                Pairs("--mime", "EXT=TYPE", "A content type by extension; may be repeated.", '=', ".foo=text/foo"),
                static (settings, value) => settings.SetContentTypes(value)) with { Property = nameof(StaticFileOptions.ContentTypes) },
            OptionRow.Of(
                Flag("--compress", "Compress text on the fly (br, gzip), once; .br, .zst and .gz files are used anyway."),
                static (settings, value) => settings.Files.Compress = value),
            OptionRow.Of(
                CacheControl("--cache", "Cache-Control: seconds, or its value."),
                static (settings, value) => settings.SetCacheControl(value)) with { Property = nameof(StaticFileOptions.CacheControl) },
            OptionRow.Of(
                Several("--immutable", "GLOB", "Files that never change, like 'assets/**': kept for a year; may be repeated."),
                static (settings, value) => settings.Files.ImmutableFiles = value) with { Property = nameof(StaticFileOptions.ImmutableFiles) },
            OptionRow.Of(
                Pairs("--header", "LINE", "A header for all files, \"Name: value\"; may be repeated.", ':', "\"X-Name: value\""),
                static (settings, value) => settings.SetHeaders(value)) with
            {
                Property = nameof(StaticFileOptions.Headers),
                IsSecret = true, // such a header may be for the proxy in front only, which knows this server by a key in it
            },
            OptionRow.OfOptional(
                Text("--cors", "ORIGIN", "Let pages of an origin read the files; of any origin if none is named.", mayGoWithout: true),
                "*",
                static (settings, value) => settings.Files.CorsOrigin = value) with { Property = nameof(StaticFileOptions.CorsOrigin) },
            OptionRow.Of(
                Several("--attachment", "EXT", "Files to save, not to show; may be repeated. ?download does it for any."),
                static (settings, value) => settings.Files.AttachmentExtensions = value) with { Property = nameof(StaticFileOptions.AttachmentExtensions) },
            OptionRow.Of(
                Text("--auth-file", "PATH", "Users that may read: user:hash lines (htpasswd -B, openssl passwd -6)."),
                static (settings, value) => settings.Files.AuthFile = value) with { Property = nameof(StaticFileOptions.AuthFile) },
            OptionRow.Of(
                Flag("--hidden", "Serve names that start with a dot."),
                static (settings, value) => settings.Files.ShowHidden = value),
            OptionRow.Of(
                Flag("--follow-symlinks", "Follow symbolic links that leave ROOT."),
                static (settings, value) => settings.Files.FollowSymlinks = value),
        ])),
        new("Workers and overload",
        [
            OptionRow.Of(
                Number("--workers", "Worker threads.", Server.Workers, 1, HttpServerOptions.MaxWorkers, "-w"),
                static (settings, value) => settings.Options.Workers = value),
            OptionRow.Of(
                Number("--queue", "Requests that may wait for a worker; beyond that see --overload.", Server.QueueCapacity, 1, int.MaxValue),
                static (settings, value) => settings.Options.QueueCapacity = value),
            OptionRow.Of(
                Choice("--overload", "CHOICE", "What happens at --queue and --max-connections: reject (503 at once) or wait.", "reject", "wait"),
                static (settings, value) => settings.Options.Overload = value == "wait" ? OverloadPolicy.Wait : OverloadPolicy.Reject),
            OptionRow.Of(
                Rate("--rate-limit", "Requests of one address, like 10/s, 600/m or 10/s:50 (at once); beyond that 429."),
                static (settings, value) => settings.SetRateLimit(value)),
            OptionRow.Of(
                Flag("--health", "Add /healthz/live and /healthz/ready, answered even while all workers are blocked."),
                static (settings, value) => settings.Options.HealthChecks = value),
            OptionRow.Of(
                Choice("--unknown-host", "CHOICE", "A host that none of the file's sites has: default (the files of ROOT) or 421.", "default", "421"),
                static (settings, value) => settings.RefusesUnknownHosts = value == "421"),
            OptionRow.Of(
                Flag("--demo", "Add /[worker/]plaintext, /json, /sleep[?ms=N], /events, /echo, /ws[/deflate]; h2c."),
                static (settings, value) => settings.Demo = value),
        ]),
        new("Stopping",
        [
            OptionRow.Of(
                Count("--exit-after", "Accept N connections, then stop gracefully."),
                static (settings, value) => settings.Options.AcceptLimit = value),
            OptionRow.Of(
                Seconds("--grace", "How long a stop waits for requests in flight.", Server.ShutdownGracePeriod, mayBeZero: true),
                static (settings, value) => settings.Options.ShutdownGracePeriod = TimeSpan.FromSeconds(value)),
            OptionRow.Of(
                Seconds("--drain-delay", "Before a stop: report not ready, close after each response, still accept.", Server.DrainDelay, mayBeZero: true),
                static (settings, value) => settings.Options.DrainDelay = TimeSpan.FromSeconds(value)),
            OptionRow.Of(
                Text("--report", "PATH", "On exit, write a report as one JSON object."),
                static (settings, value) => settings.ReportPath = value),
            OptionRow.Of(
                Text("--pid-file", "PATH", "Keep the number of the process that serves in a file."),
                static (settings, value) => settings.PidFilePath = value),
        ]),
        new("Log and configuration",
        [
            OptionRow.Of(
                Level(LogLevelName, LogLevel.Information),
                static (settings, value) => settings.LogLevel = value),
            OptionRow.Of(
                Choice("--log-format", "FORM", "text, json (an object a line), or systemd (with journald's priorities).", "text", "json", "systemd"),
                static (settings, value) => settings.SetLogFormat(value)),
            OptionRow.Of(
                Text("--access-log", "PATH", "A line for each request, appended to a file; - is standard output."),
                static (settings, value) => settings.AccessLogPath = value),
            OptionRow.Of(
                AccessFormat("--access-log-format", "common, combined, json, or directives like \"%h %t %r %s %D\"."),
                static (settings, value) => settings.AccessLogFormat = value),
            OptionRow.Of(
                Several("--access-log-skip", "PATTERN", "Paths without a line, like '/healthz/*'; may be repeated."),
                static (settings, value) => settings.AccessLogSkip = value),
            OptionRow.Of(
                Flag(QuietName, "Print nothing but warnings and errors.", "-q"),
                static (settings, value) => settings.IsQuiet = value),
            new OptionRow(Config, static (_, _) => { }) { IsSource = true },
        ]),
        new("Fields, limits and time-outs",
        [
            OptionRow.Of(
                Choice("--etag", "host|stat|content", "What ETag is made of, so that replicas share it.", "host", "stat", "content"),
                static (settings, value) => settings.SetEntityTags(value)) with { IsOfSites = true },
            OptionRow.Of(
                ServerHeader("--server-header", "The Server field; version: with the program's own; none: no such field."),
                static (settings, value) => settings.Options.ServerHeader = value switch { "none" => "", "version" => ServerWithVersion, _ => value }) with
            {
                Property = nameof(HttpServerOptions.ServerHeader),
            },
            OptionRow.Of(
                Choice("--date", "on|off", "The Date field; off where a proxy in front adds it.", "on", "off"),
                static (settings, value) => settings.Options.DateHeader = value == "on"),
            OptionRow.Of(
                Number("--max-connections", "Connections served at once; beyond that see --overload.", Server.MaxConnections, 1, int.MaxValue),
                static (settings, value) => settings.Options.MaxConnections = value),
            OptionRow.Of(
                Number("--max-connections-per-ip", "Connections from one address; beyond that 503. 0: no limit.", 0, 0, int.MaxValue),
                static (settings, value) => settings.Options.MaxConnectionsPerAddress = value > 0 ? value : null),
            OptionRow.Of(
                Number("--max-streams", "Requests of an HTTP/2 connection.", Server.MaxStreamsPerConnection, 1, HttpServerOptions.MostStreamsPerConnection),
                static (settings, value) => settings.Options.MaxStreamsPerConnection = value),
            OptionRow.Of(
                Number("--backlog", "Handshakes that the system may queue.", Server.Backlog, 1, int.MaxValue),
                static (settings, value) => settings.Options.Backlog = value),
            OptionRow.Of(
                Number("--max-request-line", "Bytes of a request line; beyond that 414.", Server.MaxRequestLineBytes, 16, 1 << 20),
                static (settings, value) => settings.Options.MaxRequestLineBytes = value) with { Property = nameof(HttpServerOptions.MaxRequestLineBytes) },
            OptionRow.Of(
                Number("--max-request-head", "Bytes of request line and headers; beyond that 431.", Server.MaxRequestHeadBytes, 16, 1 << 24),
                static (settings, value) => settings.Options.MaxRequestHeadBytes = value) with { Property = nameof(HttpServerOptions.MaxRequestHeadBytes) },
            OptionRow.Of(
                Number("--max-request-headers", "Header lines of a request; beyond that 431.", Server.MaxRequestHeaderCount, 1, 1 << 16),
                static (settings, value) => settings.Options.MaxRequestHeaderCount = value),
            OptionRow.Of(
                Number("--max-request-body", "Bytes of a request's body; beyond that 413.", Server.MaxRequestBodyBytes, 0, long.MaxValue),
                static (settings, value) => settings.Options.MaxRequestBodyBytes = value),
            OptionRow.Of(
                Number("--min-rate", "Bytes a second that a client must at least send or take. 0: any.", Server.MinDataRate, 0, int.MaxValue),
                static (settings, value) => settings.Options.MinDataRate = value),
            OptionRow.Of(
                Number("--file-cache", "Bytes of memory for small files; 0: none.", Files.CacheBytes, 0L, 1L << 40),
                static (settings, value) => settings.Files.CacheBytes = value),
            OptionRow.Of(
                Number("--file-cache-max", "Bytes of the largest file that is kept there.", Files.MaxCachedFileBytes, 0, 16 * 1024 * 1024),
                static (settings, value) => settings.Files.MaxCachedFileBytes = value),
            OptionRow.Of(
                Number("--file-cache-count", "Files kept there.", Files.MaxCachedFiles, 0, int.MaxValue),
                static (settings, value) => settings.Files.MaxCachedFiles = value),
            OptionRow.Of(
                Number("--max-sorted", "Entries up to which a listing is sorted; a larger one is whole all the same.", Files.MaxSortedEntries, 0, 1_000_000),
                static (settings, value) => settings.Files.MaxSortedEntries = value),
            OptionRow.Of(
                Number("--loops", "Event loops of the epoll transport.", Server.Loops, 1, HttpServerOptions.MaxLoops),
                static (settings, value) => settings.Options.Loops = value),
            OptionRow.Of(
                Seconds("--keep-alive-timeout", "How long a connection may be idle between requests.", Server.KeepAliveTimeout),
                static (settings, value) => settings.Options.KeepAliveTimeout = TimeSpan.FromSeconds(value)),
            OptionRow.Of(
                Seconds("--head-timeout", "How long a request's head may take to arrive.", Server.RequestHeadTimeout),
                static (settings, value) => settings.Options.RequestHeadTimeout = TimeSpan.FromSeconds(value)),
            OptionRow.Of(
                Seconds("--drain-idle", "In a stop: how long an idle connection may still send a request.", Server.DrainIdleTimeout, mayBeZero: true),
                static (settings, value) => settings.Options.DrainIdleTimeout = TimeSpan.FromSeconds(value)),
            OptionRow.Of(
                Seconds("--body-timeout", "How long the next bytes of a body may take.", Server.RequestBodyTimeout),
                static (settings, value) => settings.Options.RequestBodyTimeout = TimeSpan.FromSeconds(value)),
            OptionRow.Of(
                Seconds("--write-timeout", "How long a client may take to read its response.", Server.ResponseWriteTimeout),
                static (settings, value) => settings.Options.ResponseWriteTimeout = TimeSpan.FromSeconds(value)),
            OptionRow.Of(
                Seconds("--queue-timeout", "How long a request may wait for a worker; then 503. 0: no end.", Server.QueueTimeout, mayBeZero: true),
                static (settings, value) => settings.Options.QueueTimeout = value > 0 ? TimeSpan.FromSeconds(value) : Timeout.InfiniteTimeSpan),
            OptionRow.Of(
                Seconds("--upgrade-timeout", "How long the new process of an upgrade may take until it serves.", TimeSpan.FromSeconds(60)),
                static (settings, value) => settings.UpgradeTimeout = TimeSpan.FromSeconds(value)),
        ], IsDense: true),
    ];

    private static OptionRow[] OfSites(OptionRow[] rows) => [.. rows.Select(static row => row with { IsOfSites = true })];

    /// <summary>The options that name the one place to listen at.</summary>
    public static readonly IReadOnlyList<string> AddressNames = ["--address", "--port"];

    /// <summary>The option that sets the level of the log.</summary>
    public const string LogLevelName = "--log-level";

    /// <summary>The option that sets the level to warnings, unless the source of the other one goes before its own.</summary>
    public const string QuietName = "--quiet";

    /// <summary>What to do in place of an option that has a password for its value.</summary>
    public const string PasswordWayOut =
        "a password there could be read by others. Write it to a file for --tls-pfx-password-file, or to the variable PIPESERVER_TLS_PFX_PASSWORD";

    /// <summary>Whether a name, with dashes or without, would be that of an option that has a password for its value.</summary>
    public static bool IsPassword(string name) =>
        name.TrimStart('-').ToLowerInvariant() is "tls-pfx-password" or "tls-password" or "tls-key-password" or "tls-pfx-pass";

    /// <summary>The rows whose values the settings are made of.</summary>
    public IEnumerable<OptionRow> Rows => Groups.SelectMany(static group => group.Rows).Where(static row => !row.IsSource);

    /// <summary>The rows whose values a site may have for itself.</summary>
    public IEnumerable<OptionRow> RowsOfSites => Rows.Where(static row => row.IsOfSites);

    /// <summary>The options of all rows.</summary>
    public IEnumerable<Option> Options => Groups.SelectMany(static group => group.Rows).Select(static row => row.Option);

    /// <summary>Puts the values of all options into the settings.</summary>
    public void Apply(ParseResult result, ServeSettings settings)
    {
        foreach (var row in Rows)
        {
            row.Apply(result, settings);
        }
    }

    /// <summary>A message of the library with the options' names instead of its own.</summary>
    public string WithOptionNames(string message) => Rows.Where(static row => row.Property is not null).Aggregate(
        message, static (text, row) => WholeWord.Replace(text, row.Property!, row.Option.Name));
}
