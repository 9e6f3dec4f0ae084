namespace PipeServer;

/// <summary>Which options of a server can change while it runs: one place for <see cref="HttpServer.Reload"/>.</summary>
internal static class HttpServerOptionsReload
{
    // Those that make the server what it is, as values that can be compared. All others are in Merge.
    private static readonly (string Name, Func<HttpServerOptions, object?> Value)[] Fixed =
    [
        (nameof(HttpServerOptions.Endpoints), static options => string.Join(' ', options.Endpoints)),
        (nameof(HttpServerOptions.ProxyProtocol), static options => options.ProxyProtocol),
        (nameof(HttpServerOptions.Address), static options => options.Address),
        (nameof(HttpServerOptions.Port), static options => options.Port),
        (nameof(HttpServerOptions.UnixSocketPath), static options => options.UnixSocketPath),
        (nameof(HttpServerOptions.SocketMode), static options => options.SocketMode),
        (nameof(HttpServerOptions.SocketGroup), static options => options.SocketGroup),
        (nameof(HttpServerOptions.ListenDescriptor), static options => options.ListenDescriptor),
        (nameof(HttpServerOptions.ReusePort), static options => options.ReusePort),
        (nameof(HttpServerOptions.Backlog), static options => options.Backlog),
        (nameof(HttpServerOptions.Workers), static options => options.Workers),
        (nameof(HttpServerOptions.ThreadPoolConcurrency), static options => options.ThreadPoolConcurrency),
        (nameof(HttpServerOptions.QueueCapacity), static options => options.QueueCapacity),
        (nameof(HttpServerOptions.Overload), static options => options.Overload),
        (nameof(HttpServerOptions.HealthChecks), static options => options.HealthChecks),
        (nameof(HttpServerOptions.AcceptLimit), static options => options.AcceptLimit),
        (nameof(HttpServerOptions.Loops), static options => options.Loops),
        (nameof(HttpServerOptions.Transport), static options => options.Transport),
        (nameof(HttpServerOptions.LoggerFactory), static options => options.LoggerFactory),
        (nameof(HttpServerOptions.OnCompleted), static options => options.OnCompleted),
        (nameof(HttpServerOptions.Metrics), static options => options.Metrics),
        (nameof(HttpServerOptions.RequestMetrics), static options => options.RequestMetrics),
        (nameof(HttpServerOptions.MeterFactory), static options => options.MeterFactory),
        (nameof(HttpServerOptions.Activities), static options => options.Activities),
        (nameof(HttpServerOptions.TimeProvider), static options => options.TimeProvider),
    ];

    /// <summary>A copy of the options in force with what can change taken from others.</summary>
    public static HttpServerOptions Merge(HttpServerOptions current, HttpServerOptions others)
    {
        var merged = current.Copy();
        merged.MaxConnections = others.MaxConnections;
        merged.MaxHandshakes = others.MaxHandshakes;
        merged.Tls = others.Tls;
        merged.MaxConnectionsPerAddress = others.MaxConnectionsPerAddress;
        merged.MaxStreamsPerConnection = others.MaxStreamsPerConnection;
        merged.MaxRequestLineBytes = others.MaxRequestLineBytes;
        merged.MaxRequestHeadBytes = others.MaxRequestHeadBytes;
        merged.MaxRequestHeaderCount = others.MaxRequestHeaderCount;
        merged.MaxRequestBodyBytes = others.MaxRequestBodyBytes;
        merged.KeepAliveTimeout = others.KeepAliveTimeout;
        merged.RequestHeadTimeout = others.RequestHeadTimeout;
        merged.RequestBodyTimeout = others.RequestBodyTimeout;
        merged.ResponseWriteTimeout = others.ResponseWriteTimeout;
        merged.MinDataRate = others.MinDataRate;
        merged.QueueTimeout = others.QueueTimeout;
        merged.ShutdownGracePeriod = others.ShutdownGracePeriod;
        merged.DrainDelay = others.DrainDelay;
        merged.DrainIdleTimeout = others.DrainIdleTimeout;
        merged.TrustedProxies = others.TrustedProxies;
        merged.ForwardedHeader = others.ForwardedHeader;
        merged.RateLimit = others.RateLimit;
        merged.StrictTransportSecurity = others.StrictTransportSecurity;
        merged.ServerHeader = others.ServerHeader;
        merged.DateHeader = others.DateHeader;
        merged.ServerErrorPage = others.ServerErrorPage;
        merged.GetServerErrorPage = others.GetServerErrorPage;
        merged.GetServerErrorPageFor = others.GetServerErrorPageFor;
        merged.ShouldRedirect = others.ShouldRedirect;
        merged.Endpoints = [.. current.Endpoints.Select((endpoint, index) => WithTlsOf(endpoint, Same(current.Endpoints, index, others.Endpoints)))];
        HttpServerOptionsRules.CheckEndpoints(merged); // those of now may not be those of the others
        return merged;
    }

    // What is spoken at an endpoint stays; by which certificates and rules does not.
    private static HttpEndpoint WithTlsOf(HttpEndpoint endpoint, HttpEndpoint? same)
    {
        if (!endpoint.IsTls || same is null)
        {
            return endpoint;
        }

        var merged = endpoint.Copy();
        (merged.IsTls, merged.Tls) = (true, same.Tls);
        return merged;
    }

    // The one of the same text; of several, as on free ports, the one at the same place among them.
    private static HttpEndpoint? Same(IList<HttpEndpoint> current, int index, IList<HttpEndpoint> others)
    {
        var text = current[index].ToString();
        return others.Where(other => other.ToString() == text).Skip(current.Take(index).Count(before => before.ToString() == text)).FirstOrDefault();
    }

    /// <summary>The names of the options that cannot change, and are not the same in others.</summary>
    public static IReadOnlyList<string> FixedThatDiffer(HttpServerOptions current, HttpServerOptions others)
    {
        var names = new List<string>();
        foreach (var (name, value) in Fixed)
        {
            if (!Equals(value(current), value(others)))
            {
                names.Add(name);
            }
        }

        return names;
    }
}
