using System.Net;
using PipeServer.Http;
using PipeServer.Transport;

namespace PipeServer;

/// <summary>What must hold of <see cref="HttpServerOptions"/>; each message names the option, what was found, and the way out.</summary>
internal static class HttpServerOptionsRules
{
    /// <summary>Checks each option by itself.</summary>
    /// <exception cref="ArgumentException">One is out of its range, or missing.</exception>
    public static void Check(HttpServerOptions options)
    {
        // The longest time that a TimeProvider's timer takes, 49 days.
        var longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);
        NotNull(options.Address, nameof(HttpServerOptions.Address));
        NotNull(options.LoggerFactory, nameof(HttpServerOptions.LoggerFactory));
        NotNull(options.Endpoints, nameof(HttpServerOptions.Endpoints));
        NotNull(options.TrustedProxies, nameof(HttpServerOptions.TrustedProxies));
        NotNull(options.TimeProvider, nameof(HttpServerOptions.TimeProvider));
        NoneIsNull(options.Endpoints, nameof(HttpServerOptions.Endpoints));
        NoneIsNull(options.TrustedProxies, nameof(HttpServerOptions.TrustedProxies));
        InRange(options.Port, IPEndPoint.MinPort, IPEndPoint.MaxPort, nameof(HttpServerOptions.Port));
        if (options.ListenDescriptor is { } descriptor)
        {
            InRange(descriptor, 3, int.MaxValue, nameof(HttpServerOptions.ListenDescriptor));
        }

        InRange(options.Backlog, 1, int.MaxValue, nameof(HttpServerOptions.Backlog));
        InRange(options.Workers, 1, HttpServerOptions.MaxWorkers, nameof(HttpServerOptions.Workers));
        InRange(options.Loops, 1, HttpServerOptions.MaxLoops, nameof(HttpServerOptions.Loops));
        InRange(options.ThreadPoolConcurrency, 1, HttpServerOptions.MaxThreadPoolConcurrency, nameof(HttpServerOptions.ThreadPoolConcurrency));
        InRange(options.QueueCapacity, 1, int.MaxValue, nameof(HttpServerOptions.QueueCapacity));
        InRange(options.MaxConnections, 1, int.MaxValue, nameof(HttpServerOptions.MaxConnections));
        InRange(options.MaxStreamsPerConnection, 1, HttpServerOptions.MostStreamsPerConnection, nameof(HttpServerOptions.MaxStreamsPerConnection));
        InRange(options.MaxRequestLineBytes, 16, 1 << 20, nameof(HttpServerOptions.MaxRequestLineBytes));
        InRange(options.MaxRequestHeadBytes, 16, 1 << 24, nameof(HttpServerOptions.MaxRequestHeadBytes));
        InRange(options.MaxRequestHeaderCount, 1, 1 << 16, nameof(HttpServerOptions.MaxRequestHeaderCount));
        InRange(options.MaxRequestBodyBytes, 0, long.MaxValue, nameof(HttpServerOptions.MaxRequestBodyBytes));
        InRange(options.KeepAliveTimeout, TimeSpan.FromMilliseconds(1), longest, nameof(HttpServerOptions.KeepAliveTimeout));
        InRange(options.RequestHeadTimeout, TimeSpan.FromMilliseconds(1), longest, nameof(HttpServerOptions.RequestHeadTimeout));
        InRange(options.RequestBodyTimeout, TimeSpan.FromMilliseconds(1), longest, nameof(HttpServerOptions.RequestBodyTimeout));
        InRange(options.ResponseWriteTimeout, TimeSpan.FromMilliseconds(1), longest, nameof(HttpServerOptions.ResponseWriteTimeout));
        InRange(options.ShutdownGracePeriod, TimeSpan.Zero, longest, nameof(HttpServerOptions.ShutdownGracePeriod));
        InRange(options.DrainDelay, TimeSpan.Zero, longest, nameof(HttpServerOptions.DrainDelay));
        InRange(options.DrainIdleTimeout, TimeSpan.Zero, longest, nameof(HttpServerOptions.DrainIdleTimeout));
        InRange(options.Overload, OverloadPolicy.Reject, OverloadPolicy.Wait, nameof(HttpServerOptions.Overload));
        InRange(options.ForwardedHeader, ForwardedHeader.XForwardedFor, ForwardedHeader.None, nameof(HttpServerOptions.ForwardedHeader));
        InRange(options.MinDataRate, 0, int.MaxValue, nameof(HttpServerOptions.MinDataRate));
        NotNull(options.ServerHeader, nameof(HttpServerOptions.ServerHeader));
        if (!ServerFields.IsServer(options.ServerHeader))
        {
            throw Invalid(
                nameof(HttpServerOptions.ServerHeader),
                $"{nameof(HttpServerOptions.ServerHeader)} must be empty, or at most {ServerFields.MaxServerBytes} characters of visible ASCII, spaces "
                + $"within: a product and its version. '{options.ServerHeader}' is not.");
        }

        if (options.QueueTimeout != Timeout.InfiniteTimeSpan)
        {
            InRange(options.QueueTimeout, TimeSpan.FromMilliseconds(1), longest, nameof(HttpServerOptions.QueueTimeout));
        }

        if (options.MaxConnectionsPerAddress is { } perAddress)
        {
            InRange(perAddress, 1, int.MaxValue, nameof(HttpServerOptions.MaxConnectionsPerAddress));
        }

        if (options.MaxHandshakes is { } handshakes)
        {
            InRange(handshakes, 1, int.MaxValue, nameof(HttpServerOptions.MaxHandshakes));
        }

        if (options.AcceptLimit is { } limit)
        {
            InRange(limit, 1, int.MaxValue, nameof(HttpServerOptions.AcceptLimit));
        }

        if (options.MaxRequestHeadBytes < options.MaxRequestLineBytes)
        {
            throw Invalid(
                nameof(HttpServerOptions.MaxRequestHeadBytes),
                $"{nameof(HttpServerOptions.MaxRequestHeadBytes)} must not be below {nameof(HttpServerOptions.MaxRequestLineBytes)} "
                + $"({options.MaxRequestHeadBytes} < {options.MaxRequestLineBytes}): the request line is part of the head.");
        }

        if (options.UnixSocketPath is not null && !UnixSocketAddress.TryParse(options.UnixSocketPath, out _, out var problem))
        {
            throw Invalid(nameof(HttpServerOptions.UnixSocketPath), $"{nameof(HttpServerOptions.UnixSocketPath)} cannot be listened on: {problem}.");
        }
    }

    /// <summary>Checks what holds between the places to listen at and the other options.</summary>
    /// <exception cref="ArgumentException">They do not go together.</exception>
    public static void CheckEndpoints(HttpServerOptions options)
    {
        CheckPlaces(options);
        CheckProtocols(options);
        CheckSocketFiles(options);
        CheckRedirects(options);
        CheckTls(options);
    }

    private static void CheckTls(HttpServerOptions options)
    {
        if (options.Tls is { } shared)
        {
            CheckTls(shared, nameof(HttpServerOptions.Tls));
        }

        foreach (var endpoint in options.Endpoints.Where(static endpoint => endpoint.IsTls))
        {
            if (endpoint.Tls is { } own)
            {
                CheckTls(own, $"{nameof(HttpServerOptions.Endpoints)}: {endpoint}: {nameof(HttpEndpoint.Tls)}");
            }
            else if (options.Tls is null)
            {
                throw Invalid(
                    nameof(HttpServerOptions.Tls),
                    $"{nameof(HttpServerOptions.Tls)} must say how TLS is spoken at {endpoint}: a certificate is needed. Set it, or the endpoint's own "
                    + $"{nameof(HttpEndpoint.Tls)}.");
            }
        }
    }

    // A source may have no certificate yet, or none for clients that name no host: it refuses those handshakes then.
    private static void CheckTls(TlsOptions tls, string option)
    {
        if (tls.Certificates is null)
        {
            throw Invalid(option, $"{option}: {nameof(TlsOptions.Certificates)} must be set: a source that has one certificate for every client will do.");
        }

        InRange(tls.MinVersion, TlsVersion.Tls12, TlsVersion.Tls13, $"{option}: {nameof(TlsOptions.MinVersion)}");
        InRange(tls.Engine, TlsEngine.Auto, TlsEngine.SslStream, $"{option}: {nameof(TlsOptions.Engine)}");
        if (tls.TicketKeys is not { } keys)
        {
            return;
        }

        if (keys.Count == 0 || keys.Any(static key => key.Length != TlsOptions.TicketKeyBytes))
        {
            throw Invalid(
                option,
                $"{option}: {nameof(TlsOptions.TicketKeys)} must be one key or more of {TlsOptions.TicketKeyBytes} bytes each, and "
                + (keys.Count == 0 ? "there is none; leave it null for keys of the server's own." : "one is of another length."));
        }

        if (tls.Engine == TlsEngine.SslStream)
        {
            throw Invalid(
                option,
                $"{option}: {nameof(TlsOptions.TicketKeys)} are of no use to the engine {nameof(TlsEngine.SslStream)}, which resumes no sessions; choose "
                + $"{nameof(TlsEngine.OpenSsl)}, or leave them out.");
        }
    }

    private static void CheckPlaces(HttpServerOptions options)
    {
        if (options.Endpoints.Select(static endpoint => endpoint.Problem).FirstOrDefault(static problem => problem is not null) is { } unread)
        {
            throw Invalid(nameof(HttpServerOptions.Endpoints), $"{nameof(HttpServerOptions.Endpoints)}: {unread}");
        }

        if (options.TrustedProxies.Select(static proxy => proxy.Problem).FirstOrDefault(static problem => problem is not null) is { } stranger)
        {
            throw Invalid(nameof(HttpServerOptions.TrustedProxies), $"{nameof(HttpServerOptions.TrustedProxies)}: {stranger}");
        }

        if (options.Endpoints.Where(static endpoint => endpoint.Descriptor is not null).GroupBy(static endpoint => endpoint.Descriptor)
            .FirstOrDefault(static group => group.Count() > 1) is { } twice)
        {
            throw Invalid(
                nameof(HttpServerOptions.Endpoints),
                $"{nameof(HttpServerOptions.Endpoints)} must name a passed socket once; fd {twice.Key} is there more than once.");
        }

        if (options.Endpoints.FirstOrDefault(static endpoint =>
                endpoint.HandedOver.Any(static number => number < 3) || (endpoint.HandedOver.Count > 0 && endpoint.Descriptor is not null)) is { } mistaken)
        {
            throw Invalid(
                nameof(HttpServerOptions.Endpoints),
                $"{nameof(HttpServerOptions.Endpoints)}: {mistaken}: {nameof(HttpEndpoint.HandedOver)} must name descriptors from 3 on, "
                + "and is not for passed sockets.");
        }

        if (options.TrustedProxies.Count == 0 && options.Endpoints.FirstOrDefault(static endpoint => endpoint.ProxyProtocol) is { } proxied)
        {
            throw Invalid(
                nameof(HttpServerOptions.TrustedProxies),
                $"{nameof(HttpServerOptions.TrustedProxies)} must name the proxies that speak the PROXY protocol on {proxied}: "
                + "anybody else could claim to be any client.");
        }
    }

    private static void CheckProtocols(HttpServerOptions options)
    {
        const HttpProtocols All = HttpProtocols.Http1 | HttpProtocols.Http2;
        foreach (var endpoint in options.Endpoints)
        {
            if (endpoint.Protocols is { } protocols && protocols is not (HttpProtocols.Http1 or All))
            {
                throw Invalid(
                    nameof(HttpServerOptions.Endpoints),
                    $"{nameof(HttpServerOptions.Endpoints)}: {endpoint}: {nameof(HttpEndpoint.Protocols)} must be {HttpProtocols.Http1}, or {All}, and is "
                    + $"{protocols}: who comes without HTTP/2 is always answered by HTTP/1.1.");
            }
        }
    }

    private static void CheckRedirects(HttpServerOptions options)
    {
        foreach (var endpoint in options.Endpoints.Where(static endpoint => endpoint.HttpsRedirectPort is not null))
        {
            InRange(endpoint.HttpsRedirectPort!.Value, IPEndPoint.MinPort, IPEndPoint.MaxPort, nameof(HttpEndpoint.HttpsRedirectPort));
            if (endpoint.IsTls)
            {
                throw Invalid(
                    nameof(HttpServerOptions.Endpoints),
                    $"{nameof(HttpServerOptions.Endpoints)}: {endpoint} speaks TLS, and would redirect to https what has come by it. Leave one of them out.");
            }

            if (endpoint.HttpsRedirectPort == 0 && !options.Endpoints.Any(static other => other.IsTls && other.UnixSocketPath is null))
            {
                throw Invalid(
                    nameof(HttpServerOptions.Endpoints),
                    $"{nameof(HttpServerOptions.Endpoints)}: {endpoint} redirects to https, and no endpoint with a port speaks TLS. "
                    + "Add one, like 0.0.0.0:443,tls, or name the port that somebody else does: redirect=443.");
            }
        }
    }

    // Where permissions would have no effect, they are refused: somebody counts on them.
    private static void CheckSocketFiles(HttpServerOptions options)
    {
        foreach (var endpoint in options.Endpoints.Where(static endpoint => endpoint.SocketMode is not null || endpoint.SocketGroup is not null))
        {
            if (!endpoint.HasSocketFile)
            {
                throw Invalid(
                    nameof(HttpServerOptions.Endpoints),
                    $"{nameof(HttpServerOptions.SocketMode)} and {nameof(HttpServerOptions.SocketGroup)} are for the file of a unix socket, "
                    + $"and an endpoint without one has them: {endpoint}.");
            }

            if (endpoint.SocketMode is { } mode && (mode & ~HttpEndpoint.AllPermissions) != UnixFileMode.None)
            {
                throw Invalid(
                    nameof(HttpServerOptions.SocketMode),
                    $"{nameof(HttpServerOptions.SocketMode)} must be from 0 to 777 in octal, and is {HttpEndpointText.WriteMode(mode)}.");
            }

            if (endpoint.SocketGroup is "")
            {
                throw Invalid(
                    nameof(HttpServerOptions.SocketGroup),
                    $"{nameof(HttpServerOptions.SocketGroup)} must not be empty; leave it out for the process's own.");
            }
        }

        var given = options.SocketMode is not null ? nameof(HttpServerOptions.SocketMode)
            : options.SocketGroup is not null ? nameof(HttpServerOptions.SocketGroup)
            : null;
        var name = options.Endpoints.FirstOrDefault(static endpoint => endpoint.UnixSocketPath is not null && !endpoint.HasSocketFile);
        if (given is not null && name is not null)
        {
            throw Invalid(given, $"{given} cannot be given to {name}: an abstract name has no file, and everybody may connect. Choose a path.");
        }

        if (given is not null && !options.Endpoints.Any(static endpoint => endpoint.HasSocketFile))
        {
            throw Invalid(given, $"{given} is for the file of a unix socket, and the server listens on none. A passed socket has been given its own.");
        }
    }

    private static ArgumentException Invalid(string option, string message) => new(message, option);

    private static void NotNull(object? value, string option)
    {
        if (value is null)
        {
            throw new ArgumentNullException(option, $"{option} must not be null; leave it at its default instead.");
        }
    }

    private static void NoneIsNull(IEnumerable<object?> values, string option)
    {
        if (values.Any(static value => value is null))
        {
            throw Invalid(option, $"{option} must not hold null; leave it out instead.");
        }
    }

    private static void InRange<T>(T value, T lowest, T highest, string option)
        where T : struct
    {
        if (Comparer<T>.Default.Compare(value, lowest) < 0 || Comparer<T>.Default.Compare(value, highest) > 0)
        {
            throw new ArgumentOutOfRangeException(option, value, $"{option} must be from {lowest} to {highest}.");
        }
    }
}
