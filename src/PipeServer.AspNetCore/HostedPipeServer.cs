using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PipeServer.Hosting;

namespace PipeServer.AspNetCore;

/// <summary>PipeServer as the server of ASP.NET Core's host.</summary>
internal sealed class HostedPipeServer : IServer, IAsyncDisposable
{
    private readonly PipeServerOptions _options;
    private readonly PipeServerInstance _instance;
    private readonly ILoggerFactory _loggerFactory;
    private readonly IServiceProvider _services;
    private readonly ILogger _logger;
    private readonly ServerAddressesFeature _addresses = new();
    private HttpServer? _server;

    public HostedPipeServer(
        IOptions<PipeServerOptions> options, PipeServerInstance instance, ILoggerFactory loggerFactory, IServiceProvider services)
    {
        _options = options.Value;
        (_instance, _loggerFactory, _services) = (instance, loggerFactory, services);
        _logger = loggerFactory.CreateLogger<HostedPipeServer>();
        Features.Set<IServerAddressesFeature>(_addresses);
    }

    /// <inheritdoc/>
    public IFeatureCollection Features { get; } = new FeatureCollection();

    /// <inheritdoc/>
    public async Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
        where TContext : notnull
    {
        if (_server is not null)
        {
            throw new InvalidOperationException("The server has been started before: a stopped server is not started again.");
        }

        var options = _options.Server;
        if (_options.LogsByDefault)
        {
            options.LoggerFactory = _loggerFactory;
        }

        options.MeterFactory ??= _services.GetService<IMeterFactory>() is { } meters ? meters.Create : null;
        if (options.ShutdownGracePeriod == ShutdownTime.NotSet)
        {
            var host = _services.GetService<IOptions<HostOptions>>()?.Value ?? new HostOptions();
            options.ShutdownGracePeriod = ShutdownTime.GracePeriod(host.ShutdownTimeout, options.DrainDelay);
        }

        var addresses = ChooseAddresses(options);
        HttpsCertificates.Provide(_options, options);
        var server = new HttpServer(options);
        new ApplicationRunner<TContext>(application, _options, _loggerFactory).MapTo(server);
        await server.StartAsync(cancellationToken).ConfigureAwait(false);
        _instance.Server = _server = server;
        var bound = addresses is null ? server.Addresses : ListenAddresses.WithPorts(addresses, [.. options.Endpoints], server.EndPoints);
        _addresses.Addresses.Clear();
        foreach (var address in bound)
        {
            _addresses.Addresses.Add(address);
        }
    }

    /// <inheritdoc/>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_server is { } server && _instance.ShutdownReport is null)
        {
            var report = await server.StopAsync(cancellationToken).ConfigureAwait(false);
            _instance.ShutdownReport = report;
            Log.Stopped(_logger, report.Outcome, report.Elapsed.TotalSeconds, report.Requests.Completed, report.Requests.Aborted, report.CutOff.Count);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is { } server)
        {
            await StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
            await server.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
#pragma warning disable VSTHRD002 // Who disposes synchronously has to wait; nothing here comes back to the caller's thread.
        DisposeAsync().AsTask().GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    // The host's addresses, one for each endpoint; null where the options' endpoints go before them.
    private List<string>? ChooseAddresses(HttpServerOptions options)
    {
        if (options.Endpoints.Count > 0 && !(_addresses.PreferHostingUrls && _addresses.Addresses.Count > 0))
        {
            if (_addresses.Addresses.Count > 0)
            {
                Log.AddressesIgnored(_logger, string.Join(", ", _addresses.Addresses));
            }

            return null;
        }

        List<string> addresses = [.. _addresses.Addresses.Select(static address => address.Trim())];
        if (addresses.Count == 0)
        {
            addresses.Add(ListenAddresses.Default);
        }

        options.Endpoints = [.. addresses.Select(ListenAddresses.Parse)];
        return addresses;
    }
}
