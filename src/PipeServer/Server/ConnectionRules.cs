using PipeServer.Http;

namespace PipeServer.Server;

/// <summary>
/// The limits and time-outs that a connection is held to, as one object that does not change: it takes what is in force when it begins and keeps it to
/// its end, so that no request is judged by two sets (<see cref="HttpServer.Reload"/>).
/// </summary>
internal sealed class ConnectionRules(HttpServerOptions options)
{
    private readonly RequestLimits _head = new(options.MaxRequestLineBytes, options.MaxRequestHeadBytes, options.MaxRequestHeaderCount);

    /// <summary>What the parser enforces.</summary>
    public ref readonly RequestLimits Head => ref _head;

    /// <inheritdoc cref="HttpServerOptions.MaxStreamsPerConnection"/>
    public int MaxStreams { get; } = options.MaxStreamsPerConnection;

    /// <inheritdoc cref="HttpServerOptions.MaxRequestBodyBytes"/>
    public long MaxRequestBodyBytes { get; } = options.MaxRequestBodyBytes;

    /// <inheritdoc cref="HttpServerOptions.KeepAliveTimeout"/>
    public TimeSpan KeepAliveTimeout { get; } = options.KeepAliveTimeout;

    /// <inheritdoc cref="HttpServerOptions.RequestHeadTimeout"/>
    public TimeSpan RequestHeadTimeout { get; } = options.RequestHeadTimeout;

    /// <inheritdoc cref="HttpServerOptions.RequestBodyTimeout"/>
    public TimeSpan RequestBodyTimeout { get; } = options.RequestBodyTimeout;

    /// <inheritdoc cref="HttpServerOptions.ResponseWriteTimeout"/>
    public TimeSpan ResponseWriteTimeout { get; } = options.ResponseWriteTimeout;

    /// <inheritdoc cref="HttpServerOptions.MinDataRate"/>
    public int MinDataRate { get; } = options.MinDataRate;

    /// <summary>
    /// What an encrypted connection's responses say about it, with <see cref="HttpServerOptions.StrictTransportSecurity"/>; null where that is not wanted.
    /// </summary>
    public ConnectionLines? StrictTransport { get; } =
        options.StrictTransportSecurity is { } policy ? new ConnectionLines(policy.ToString()) : null;

    /// <summary><see cref="HttpServerOptions.QueueTimeout"/> in the units of the server's clock: <see cref="TimeProvider.TimestampFrequency"/>.</summary>
    public long QueueTimeout { get; } = options.QueueTimeout == Timeout.InfiniteTimeSpan
        ? long.MaxValue
        : (long)(options.QueueTimeout.TotalSeconds * options.TimeProvider.TimestampFrequency);
}
