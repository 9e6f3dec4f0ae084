using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using PipeServer.Cli.AccessLog;
using PipeServer.Cli.Admin;
using PipeServer.Cli.Sites;
using PipeServer.Cli.Tls;
using PipeServer.Cli.Upgrade;
using PipeServer.Diagnostics;
using PipeServer.Http;
using PipeServer.StaticFiles;
using PipeServer.Transport.Sockets;

namespace PipeServer.Cli;

/// <summary>What command line, environment and configuration file said, filled in by the rows of <see cref="OptionTable"/>.</summary>
internal sealed class ServeSettings(OptionTable table, string root)
{
    // Its folder, and what watches it.
    private const int DescriptorsOfSite = 2;

    /// <summary>The folder to serve.</summary>
    public string Root { get; private set; } = root;

    /// <summary>The server's options, all but the logger.</summary>
    public HttpServerOptions Options { get; } = new() { Metrics = false, Activities = false };

    /// <summary>The options of the file handler.</summary>
    public StaticFileOptions Files { get; set; } = new() { Metrics = false };

    /// <summary>The sites, in the order of the file.</summary>
    public IReadOnlyList<SiteSettings> Sites { get; private set; } = [];

    /// <summary>A host that is no site's is answered with 421; otherwise it gets the files of ROOT.</summary>
    public bool RefusesUnknownHosts { get; set; }

    /// <summary>Where requests that are not encrypted are redirected from, or null: a port, and behind a colon that of https for clients.</summary>
    public string? RedirectHttp { get; set; }

    /// <summary>Requests go by their hosts, or some of them are redirected: see <see cref="SiteRouter"/>.</summary>
    public bool NeedsRouter => Sites.Count > 0 || Options.Endpoints.Any(static endpoint => endpoint.HttpsRedirectPort is not null);

    /// <summary>Places to listen at, in the text form of <see cref="HttpEndpoint"/>, passed sockets by their names.</summary>
    public IReadOnlyList<string> Listen { get; set; } = [];

    /// <summary>
    /// True when the address or the port was set, and the server listens there beside the places of <see cref="Listen"/>.
    /// </summary>
    public bool IsAddressGiven { get; set; }

    /// <summary>Use the portable transport.</summary>
    public bool UsesSockets { get; set; }

    /// <summary>Add the demo routes.</summary>
    public bool Demo { get; set; }

    /// <summary>Where to write the report on exit, or null.</summary>
    public string? ReportPath { get; set; }

    /// <summary>Where to keep the number of the process that serves, or null.</summary>
    public string? PidFilePath { get; set; }

    /// <summary>How long the new process of an upgrade may take until it serves.</summary>
    public TimeSpan UpgradeTimeout { get; set; }

    /// <summary>The lowest level that is logged.</summary>
    public LogLevel LogLevel { get; set; }

    /// <summary>What the log's lines look like.</summary>
    public ILineFormat LogFormat { get; private set; } = new TimedLineFormat(TimeProvider.System);

    /// <summary>The file of the access log, <c>-</c> for standard output, or null for none.</summary>
    public string? AccessLogPath { get; set; }

    /// <summary>The form of its lines.</summary>
    public string AccessLogFormat { get; set; } = "combined";

    /// <summary>Patterns of paths that get no line.</summary>
    public IReadOnlyList<string> AccessLogSkip { get; set; } = [];

    /// <summary>The admin side.</summary>
    public AdminSettings Admin { get; } = new();

    /// <summary>TLS.</summary>
    public TlsSettings Tls { get; } = new();

    /// <summary>Gives each option with its value and its source, secrets hidden.</summary>
    public Func<IEnumerable<OptionValue>> Describe { get; set; } = static () => [];

    /// <summary>Print warnings and errors only.</summary>
    public bool IsQuiet { get; set; }

    /// <summary>The file of options, or null.</summary>
    public string? ConfigPath { get; set; }

    /// <summary>The value of each option, to be compared: the parts of a list are apart by a character that none of them has.</summary>
    public Func<IEnumerable<OptionValue>> Values { get; set; } = static () => [];

    /// <summary>Reads all sources again: the same command line and variables, and the file as it is by then.</summary>
    /// <remarks>Throws a <see cref="ConfigurationException"/> where something is wrong.</remarks>
    public Func<ServeSettings> ReadAgain { get; set; } = static () => throw new NotSupportedException();

    /// <summary>Sets the form of the log's lines by its name.</summary>
    public void SetLogFormat(string name) => LogFormat = name switch
    {
        "json" => new JsonLineFormat(TimeProvider.System),
        "systemd" => new JournalLineFormat(),
        _ => new TimedLineFormat(TimeProvider.System),
    };

    /// <summary>Sets the address from what <c>--address</c> said.</summary>
    public void SetAddress(ListenAddress value) =>
        (Options.Address, Options.UnixSocketPath) = (value.Address, value.UnixSocketPath);

    /// <summary>Sets the permissions of unix sockets from octal digits.</summary>
    public void SetSocketMode(string? value) =>
        Options.SocketMode = value is not null && HttpEndpointText.TryReadMode(value, out var mode) ? mode : null;

    /// <summary>Sets content types from lines like <c>.foo=text/foo</c>; of several for one extension the last counts.</summary>
    public void SetContentTypes(IEnumerable<string> lines) => Files.ContentTypes = lines.Select(static line => line.Split('=', 2))
        .GroupBy(static pair => pair[0].TrimStart('.'), static pair => pair[1], StringComparer.OrdinalIgnoreCase)
        .ToDictionary(static types => types.Key, static types => types.Last(), StringComparer.OrdinalIgnoreCase);

    /// <summary>Sets Cache-Control from its value, or from seconds.</summary>
    public void SetCacheControl(string? value) =>
        Files.CacheControl = value is not null && value.All(char.IsAsciiDigit) ? $"max-age={value}" : value;

    /// <summary>Sets what entity tags are made of by its name.</summary>
    public void SetEntityTags(string name) => Files.EntityTags = name switch
    {
        "stat" => EntityTagSource.Stat,
        "content" => EntityTagSource.Content,
        _ => EntityTagSource.Host,
    };

    /// <summary>Sets header fields from lines like <c>X-Name: value</c>.</summary>
    public void SetHeaders(IEnumerable<string> lines) => Files.Headers = [.. lines.Select(static line => line.Split(':', 2))
        .Select(static pair => new StaticHeader(pair[0].Trim(), pair[1].Trim()))];

    /// <summary>Sets the peers that may speak for their clients.</summary>
    public void SetTrustedProxies(IEnumerable<string> values) => Options.TrustedProxies = [.. values.Select(TrustedProxy.Parse)];

    /// <summary>Sets the header that names clients by its name.</summary>
    public void SetForwardedHeader(string name) => Options.ForwardedHeader = name switch
    {
        "forwarded" => ForwardedHeader.Forwarded,
        "none" => ForwardedHeader.None,
        _ => ForwardedHeader.XForwardedFor,
    };

    /// <summary>Sets how many requests a client may make, from text that has been checked.</summary>
    public void SetRateLimit(string? value) => Options.RateLimit = value is null ? null : RateLimit.Parse(value);

    /// <summary>Opens the folder to serve, and checks everything that could make a start fail, except the address.</summary>
    /// <param name="passed">The listening sockets that the process was given; null to accept every name.</param>
    /// <param name="files">The handler of the files, the caller's from now on; null when there is a problem.</param>
    /// <param name="running">The handler that serves already, for which the other one is prepared only; or null.</param>
    /// <param name="inForce">
    /// The settings that it serves by. Files that are written to already are not tried: what a trial has made, and takes away, may be another thread's.
    /// </param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public string? TryOpen(IReadOnlyList<PassedSocket>? passed, out StaticFileHandler? files, StaticFileHandler? running = null, ServeSettings? inForce = null)
    {
        files = null;
        if (ResolveEndpoints(passed) is { } mistake)
        {
            return mistake;
        }

        if (Tls.TryOpen(isTrial: passed is null && inForce is null, inForce?.Tls) is { } tlsProblem)
        {
            return tlsProblem;
        }

        Options.Tls = Tls.Material is { } material ? Tls.ToOptions(material) : null;
        if (ReportPath is not null && ReportPath != inForce?.ReportPath && ReportFile.FindProblem(ReportPath) is { } problem)
        {
            return $"--report {ReportPath}: {problem}";
        }

        if (AccessLogPath is not (null or "-") && AccessLogPath != inForce?.AccessLogPath && AccessLogFile.FindProblem(AccessLogPath) is { } unwritable)
        {
            return $"--access-log {AccessLogPath}: {unwritable}";
        }

        if (Admin.TryOpen(Options.EffectiveEndpoints(), inForce?.Admin.Users) is { } adminProblem)
        {
            return adminProblem;
        }

        if (running is null && PidFilePath is not null && new PidFile(PidFilePath).FindProblem() is { } unwritten)
        {
            return $"--pid-file {PidFilePath}: {unwritten}";
        }

        HandedOverName.Resolve(passed, Admin.Address);
        Options.Metrics = Files.Metrics = Admin.Address is not null; // nobody else could ask for them

        try
        {
            _ = new HttpServer(Options);
            if (Options.Tls is not null)
            {
                EndpointFilters.Check(Options);
            }
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException or CryptographicException)
        {
            return Explain(exception);
        }

        Files.Shared = Sites.Count == 0 ? null : inForce?.Files.Shared?.For(Files) ?? new SharedMemory(Files);
        foreach (var site in Sites.Where(static site => !site.IsDefault))
        {
            (site.Files.LoggerFactory, site.Files.TimeProvider) = (Files.LoggerFactory, Files.TimeProvider);
            (site.Files.Shared, site.Files.Metrics) = (Files.Shared, false); // the figures of all are those of ROOT's handler
        }

        if (TryOpenFolder(Root, Files, running, Explain, out files) is { } closed)
        {
            return Sites is [{ IsDefault: true } first, ..] ? $"{first.Place}: {closed}" : closed;
        }

        Options.ReservedDescriptors = (Admin.Address is null ? 0 : AdminServer.Descriptors) + (Sites.Count * DescriptorsOfSite);
        var opened = running ?? files!;
        Options.GetServerErrorPage = () => opened.ServerErrorPage;
        if (UsesSockets && running is null)
        {
            Options.Transport = new SocketTransport { ReusePort = Options.ReusePort };
        }

        return null;
    }

    /// <summary>Opens a folder to be served, and checks what its options name in it.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="options">Its options.</param>
    /// <param name="running">The handler that serves already, for which the other one is prepared only; or null.</param>
    /// <param name="explain">What an exception of the library says, by the names of the command line.</param>
    /// <param name="files">Its handler, the caller's from now on; null when there is a problem.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public static string? TryOpenFolder(
        string root, StaticFileOptions options, StaticFileHandler? running, Func<Exception, string> explain, out StaticFileHandler? files)
    {
        files = null;
        if (File.Exists(root))
        {
            return $"'{Path.GetFullPath(root)}' is a file, and a folder is wanted. Name it: pipeserver serve FOLDER";
        }

        try
        {
            files = running is null ? new StaticFileHandler(root, options) : running.Prepare(root, options);
        }
        catch (DirectoryNotFoundException exception) when (!Directory.Exists(root))
        {
            return $"{exception.Message.TrimEnd('.')}. Name the folder to serve: pipeserver serve FOLDER";
        }
        catch (Exception exception) when (exception is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return explain(exception);
        }

        if (options.SpaFile is { } spa && !files.Contains("/" + spa.Trim('/')))
        {
            files.Dispose();
            files = null;
            return Directory.Exists(spa)
                ? $"--spa: '{spa}' is a folder. If it is the one to serve, name it first: pipeserver serve {spa} --spa"
                : $"--spa: there is no file '{spa}' to be served in {Path.GetFullPath(root)}. Name one below it: --spa FILE";
        }

        return null;
    }

    /// <summary>Sets the sites.</summary>
    /// <param name="sites">The sites.</param>
    /// <param name="firstIsRoot">What is no site's host gets the files of the first one.</param>
    /// <exception cref="ConfigurationException">The name of a host is none, or there twice.</exception>
    public void SetSites(IReadOnlyList<SiteSettings> sites, bool firstIsRoot)
    {
        var places = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var site in sites)
        {
            foreach (var host in site.Hosts)
            {
                try
                {
                    var name = HostName.Parse(host).Canonical;
                    if (!places.TryAdd(name, site.Place))
                    {
                        throw new ConfigurationException($"{site.Place}: the host '{host}' is there twice; {places[name]} has it too. Leave it out of one.");
                    }
                }
                catch (ArgumentException exception)
                {
                    throw new ConfigurationException($"{site.Place}.{SiteEntry.HostsName}: {exception.Message}");
                }
            }
        }

        Sites = sites;
        Tls.OfSites = [.. sites.Select(static site => site.Certificate).OfType<CertificateFiles>()];
        if (firstIsRoot)
        {
            sites[0].IsDefault = true;
            (Root, Files) = (sites[0].Root, sites[0].Files);
        }
    }

    /// <summary>What an exception of the library says of an option, by the names of the command line.</summary>
    public string Explain(Exception exception) => table.WithOptionNames(exception.Message.Split(" (Parameter")[0]);

    // Where to listen: at the places that were named, at the address and port if they were named too, and on every socket that was
    // passed. Tells what is wrong, with the way out.
    private string? ResolveEndpoints(IReadOnlyList<PassedSocket>? passed)
    {
        var endpoints = new List<HttpEndpoint>();
        var left = passed?.Where(static socket => !HandedOverName.IsOwn(socket.Name)).ToList() ?? [];
        if (Listen.Count > 0 && IsAddressGiven)
        {
            endpoints.Add(Options.UnixSocketPath is { } path ? HttpEndpoint.Unix(path) : new HttpEndpoint(Options.Address, Options.Port));
        }

        foreach (var text in Listen)
        {
            if (passed is null || PassedSocket.NameIn(text) is not { } name)
            {
                endpoints.Add(HttpEndpoint.Parse(PassedSocket.WithNumber(text, PassedSocket.FirstDescriptor)));
                continue;
            }

            var named = left.FindAll(socket => socket.Name == name || socket.Descriptor.ToString(CultureInfo.InvariantCulture) == name);
            if (named.Count == 0)
            {
                return passed.Count == 0
                    ? $"--listen {text}: no socket was passed by LISTEN_FDS. Start it by a unit with a ListenStream=, or name an address."
                    : $"--listen {text}: no socket of that name was passed. There are: {string.Join(", ", passed.Select(static socket => socket.Name))}.";
            }

            endpoints.AddRange(named.Select(socket => HttpEndpoint.Parse(PassedSocket.WithNumber(text, socket.Descriptor))));
            left.RemoveAll(named.Contains);
        }

        endpoints.AddRange(left.Select(static socket => HttpEndpoint.Inherited(socket.Descriptor)));
        Options.Endpoints = endpoints;
        if (ResolveTls() is { } problem)
        {
            return problem;
        }

        if (Demo)
        {
            SpeakHttp2();
        }

        return RedirectPorts.Resolve(RedirectHttp, Options) ?? HandedOverName.Resolve(passed, Options, UsesSockets);
    }

    // In clear text too, for who tries it: over TLS it is spoken anyway.
    private void SpeakHttp2()
    {
        List<HttpEndpoint> all = [.. Options.EffectiveEndpoints()];
        foreach (var endpoint in all.Where(static endpoint => !endpoint.IsTls && endpoint.HttpsRedirectPort is null))
        {
            endpoint.Protocols = HttpProtocols.Http1 | HttpProtocols.Http2;
        }

        Options.Endpoints = all;
    }

    // Where TLS is spoken: at the places that say so, or, if none does, at all that are no unix sockets.
    private string? ResolveTls()
    {
        if (!Tls.IsWanted)
        {
            return Options.Endpoints.FirstOrDefault(static endpoint => endpoint.IsTls) is { } place
                ? $"--listen {place}: TLS needs a certificate. Name one by --tls-cert FILE --tls-key FILE, or have one made by --tls-self-signed."
                : null;
        }

        if (Options.Endpoints.Any(static endpoint => endpoint.IsTls))
        {
            return null;
        }

        List<HttpEndpoint> all = [.. Options.EffectiveEndpoints()];
        foreach (var endpoint in all.Where(static endpoint => endpoint.UnixSocketPath is null && !PassedSocket.IsUnixSocket(endpoint.Descriptor)))
        {
            endpoint.IsTls = true;
        }

        Options.Endpoints = all;
        return all.Exists(static endpoint => endpoint.IsTls)
            ? null
            : "There is a certificate, and no place that speaks TLS: a unix socket does so only where it says so: --listen unix:PATH,tls.";
    }
}
