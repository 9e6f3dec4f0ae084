using Microsoft.Extensions.Configuration;

namespace PipeServer.Hosting.Configuration;

/// <summary>
/// Reads <see cref="HttpServerOptions"/> from a configuration, without reflection: .NET's binder needs it, its source-generated one takes no types by
/// their text, and both leave out what they cannot read. Here everything that is not taken is a problem with its place.
/// </summary>
internal static class HttpServerOptionsBinder
{
    private static readonly OptionTable<TlsOptions> Tls = new OptionTable<TlsOptions>("TlsOptions")
        .Value(nameof(TlsOptions.MinVersion), OptionText.Enumeration<TlsVersion>, static (tls, value) => tls.MinVersion = value)
        .Value(nameof(TlsOptions.CipherSuites), OptionText.Text, static (tls, value) => tls.CipherSuites = value)
        .Value(nameof(TlsOptions.Engine), OptionText.Enumeration<TlsEngine>, static (tls, value) => tls.Engine = value)
        .InCode(nameof(TlsOptions.Certificates), nameof(TlsOptions.ClientCertificates), nameof(TlsOptions.TicketKeys));

    private static readonly OptionTable<HttpEndpoint> Endpoint = new OptionTable<HttpEndpoint>("HttpEndpoint")
        .Value(nameof(HttpEndpoint.ProxyProtocol), OptionText.Boolean, static (endpoint, value) => endpoint.ProxyProtocol = value)
        .Value(nameof(HttpEndpoint.IsTls), OptionText.Boolean, static (endpoint, value) => endpoint.IsTls = value)
        .Value(nameof(HttpEndpoint.Protocols), OptionText.Enumeration<HttpProtocols>, static (endpoint, value) => endpoint.Protocols = value)
        .Value(nameof(HttpEndpoint.HttpsRedirectPort), OptionText.Integer, static (endpoint, value) => endpoint.HttpsRedirectPort = value)
        .Value(nameof(HttpEndpoint.SocketMode), SocketFileMode.Parse, static (endpoint, value) => endpoint.SocketMode = value)
        .Value(nameof(HttpEndpoint.SocketGroup), OptionText.Text, static (endpoint, value) => endpoint.SocketGroup = value)
        .Section(nameof(HttpEndpoint.Tls), static (endpoint, section) => Tls.Bind(endpoint.Tls ??= new TlsOptions(), section))
        .Elsewhere(nameof(HttpEndpoint.Address), nameof(HttpEndpoint.Port), nameof(HttpEndpoint.UnixSocketPath), nameof(HttpEndpoint.Descriptor));

    private static readonly OptionTable<HttpServerOptions> Server = WithTimes(WithLimits(WithPlaces(new OptionTable<HttpServerOptions>("HttpServerOptions"))))
        .Value(nameof(HttpServerOptions.HealthChecks), OptionText.Boolean, static (options, value) => options.HealthChecks = value)
        .Value(nameof(HttpServerOptions.ServerHeader), OptionText.Text, static (options, value) => options.ServerHeader = value)
        .Value(nameof(HttpServerOptions.DateHeader), OptionText.Boolean, static (options, value) => options.DateHeader = value)
        .Value(nameof(HttpServerOptions.Metrics), OptionText.Boolean, static (options, value) => options.Metrics = value)
        .Value(nameof(HttpServerOptions.RequestMetrics), OptionText.Boolean, static (options, value) => options.RequestMetrics = value)
        .Value(nameof(HttpServerOptions.Activities), OptionText.Boolean, static (options, value) => options.Activities = value)
        .InCode(
            nameof(HttpServerOptions.Transport),
            nameof(HttpServerOptions.LoggerFactory),
            nameof(HttpServerOptions.TimeProvider),
            nameof(HttpServerOptions.MeterFactory),
            nameof(HttpServerOptions.OnCompleted),
            nameof(HttpServerOptions.ServerErrorPage),
            nameof(HttpServerOptions.GetServerErrorPage),
            nameof(HttpServerOptions.GetServerErrorPageFor),
            nameof(HttpServerOptions.ShouldRedirect));

    /// <summary>Sets what the section names; what it does not stays.</summary>
    /// <returns>What is wrong, each with its place; empty when nothing is.</returns>
    public static IReadOnlyList<string> Bind(HttpServerOptions options, IConfiguration section) => Server.Bind(options, section);

    private static OptionTable<HttpServerOptions> WithPlaces(OptionTable<HttpServerOptions> table) => table
        .List(nameof(HttpServerOptions.Endpoints), ReadEndpoint, static (options, values) => options.Endpoints = values)
        .Value(nameof(HttpServerOptions.Address), BindAddress.Parse, static (options, value) => options.Address = value)
        .Value(nameof(HttpServerOptions.Port), OptionText.Integer, static (options, value) => options.Port = value)
        .Value(nameof(HttpServerOptions.UnixSocketPath), OptionText.Text, static (options, value) => options.UnixSocketPath = value)
        .Value(nameof(HttpServerOptions.SocketMode), SocketFileMode.Parse, static (options, value) => options.SocketMode = value)
        .Value(nameof(HttpServerOptions.SocketGroup), OptionText.Text, static (options, value) => options.SocketGroup = value)
        .Value(nameof(HttpServerOptions.ListenDescriptor), OptionText.Integer, static (options, value) => options.ListenDescriptor = value)
        .Value(nameof(HttpServerOptions.ReusePort), OptionText.Boolean, static (options, value) => options.ReusePort = value)
        .Value(nameof(HttpServerOptions.Backlog), OptionText.Integer, static (options, value) => options.Backlog = value)
        .Value(nameof(HttpServerOptions.ProxyProtocol), OptionText.Boolean, static (options, value) => options.ProxyProtocol = value)
        .List(nameof(HttpServerOptions.TrustedProxies), ReadProxy, static (options, values) => options.TrustedProxies = values)
        .Value(nameof(HttpServerOptions.ForwardedHeader), OptionText.Enumeration<ForwardedHeader>, static (options, value) => options.ForwardedHeader = value)
        .Section(nameof(HttpServerOptions.Tls), static (options, section) => Tls.Bind(options.Tls ??= new TlsOptions(), section))
        .Value(
            nameof(HttpServerOptions.StrictTransportSecurity),
            StrictTransportSecurity.Parse,
            static (options, value) => options.StrictTransportSecurity = value);

    private static OptionTable<HttpServerOptions> WithLimits(OptionTable<HttpServerOptions> table) => table
        .Value(nameof(HttpServerOptions.Loops), OptionText.Integer, static (options, value) => options.Loops = value)
        .Value(nameof(HttpServerOptions.Workers), OptionText.Integer, static (options, value) => options.Workers = value)
        .Value(nameof(HttpServerOptions.ThreadPoolConcurrency), OptionText.Integer, static (options, value) => options.ThreadPoolConcurrency = value)
        .Value(nameof(HttpServerOptions.QueueCapacity), OptionText.Integer, static (options, value) => options.QueueCapacity = value)
        .Value(nameof(HttpServerOptions.Overload), OptionText.Enumeration<OverloadPolicy>, static (options, value) => options.Overload = value)
        .Value(nameof(HttpServerOptions.MaxConnections), OptionText.Integer, static (options, value) => options.MaxConnections = value)
        .Value(nameof(HttpServerOptions.MaxConnectionsPerAddress), OptionText.Integer, static (options, value) => options.MaxConnectionsPerAddress = value)
        .Value(nameof(HttpServerOptions.MaxHandshakes), OptionText.Integer, static (options, value) => options.MaxHandshakes = value)
        .Value(nameof(HttpServerOptions.MaxStreamsPerConnection), OptionText.Integer, static (options, value) => options.MaxStreamsPerConnection = value)
        .Value(nameof(HttpServerOptions.MaxRequestLineBytes), OptionText.Integer, static (options, value) => options.MaxRequestLineBytes = value)
        .Value(nameof(HttpServerOptions.MaxRequestHeadBytes), OptionText.Integer, static (options, value) => options.MaxRequestHeadBytes = value)
        .Value(nameof(HttpServerOptions.MaxRequestHeaderCount), OptionText.Integer, static (options, value) => options.MaxRequestHeaderCount = value)
        .Value(nameof(HttpServerOptions.MaxRequestBodyBytes), OptionText.Long, static (options, value) => options.MaxRequestBodyBytes = value)
        .Value(nameof(HttpServerOptions.MinDataRate), OptionText.Integer, static (options, value) => options.MinDataRate = value)
        .Value(nameof(HttpServerOptions.RateLimit), RateLimit.Parse, static (options, value) => options.RateLimit = value)
        .Value(nameof(HttpServerOptions.AcceptLimit), OptionText.Integer, static (options, value) => options.AcceptLimit = value);

    private static OptionTable<HttpServerOptions> WithTimes(OptionTable<HttpServerOptions> table) => table
        .Value(nameof(HttpServerOptions.KeepAliveTimeout), OptionText.Duration, static (options, value) => options.KeepAliveTimeout = value)
        .Value(nameof(HttpServerOptions.RequestHeadTimeout), OptionText.Duration, static (options, value) => options.RequestHeadTimeout = value)
        .Value(nameof(HttpServerOptions.RequestBodyTimeout), OptionText.Duration, static (options, value) => options.RequestBodyTimeout = value)
        .Value(nameof(HttpServerOptions.ResponseWriteTimeout), OptionText.Duration, static (options, value) => options.ResponseWriteTimeout = value)
        .Value(nameof(HttpServerOptions.ShutdownGracePeriod), OptionText.Duration, static (options, value) => options.ShutdownGracePeriod = value)
        .Value(nameof(HttpServerOptions.DrainDelay), OptionText.Duration, static (options, value) => options.DrainDelay = value)
        .Value(nameof(HttpServerOptions.DrainIdleTimeout), OptionText.Duration, static (options, value) => options.DrainIdleTimeout = value)
        .Value(nameof(HttpServerOptions.QueueTimeout), OptionText.Duration, static (options, value) => options.QueueTimeout = value);

    // A text, or an object that names its place and has options of its own.
    private static HttpEndpoint? ReadEndpoint(IConfigurationSection section, List<string> problems)
    {
        if (section.Value is { } text)
        {
            return HttpEndpoint.Parse(text);
        }

        var endpoint = (section[nameof(HttpEndpoint.UnixSocketPath)], section[nameof(HttpEndpoint.Descriptor)]) switch
        {
            ({ } path, _) => HttpEndpoint.Unix(path),
            (null, { } descriptor) => HttpEndpoint.Inherited(OptionText.Integer(descriptor)),
            _ => new HttpEndpoint(
                BindAddress.Parse(section[nameof(HttpEndpoint.Address)]
                    ?? throw new FormatException("an endpoint must be a text like 127.0.0.1:8080, or have Address and Port, UnixSocketPath, or Descriptor.")),
                OptionText.Integer(section[nameof(HttpEndpoint.Port)] ?? "0")),
        };
        problems.AddRange(Endpoint.Bind(endpoint, section));
        return endpoint;
    }

    private static TrustedProxy ReadProxy(IConfigurationSection section, List<string> problems) =>
        TrustedProxy.Parse(section.Value ?? throw new FormatException("a proxy must be a text: an address, a range like 10.0.0.0/8, or unix."));
}
