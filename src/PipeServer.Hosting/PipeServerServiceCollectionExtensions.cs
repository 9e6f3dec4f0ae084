using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace PipeServer.Hosting;

/// <summary>Puts a server under the .NET Generic Host.</summary>
public static class PipeServerServiceCollectionExtensions
{
    /// <summary>The section of the configuration that the options are read from: <c>PipeServer</c>.</summary>
    public const string ConfigurationSection = "PipeServer";

    /// <summary>
    /// Adds the host's server, which starts and stops with it. Its options come from the configuration's section <see cref="ConfigurationSection"/>, where
    /// there is one, and then from <paramref name="configure"/>.
    /// </summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="configure">Changes options, after the configuration has been read. <c>services.Configure&lt;HttpServerOptions&gt;</c> does too.</param>
    /// <returns>What routes are mapped on.</returns>
    /// <remarks>
    /// <para>
    /// Logger factory, meter factory and clock (<see cref="TimeProvider"/>, if there is one) are the host's. The drain has
    /// <see cref="HostOptions.ShutdownTimeout"/>, less <see cref="HttpServerOptions.DrainDelay"/> and a second at most for what follows, unless
    /// <see cref="HttpServerOptions.ShutdownGracePeriod"/> is set; when the host's own time is over, the drain is cut off.
    /// </para>
    /// <para>
    /// Options are checked when the host starts: it does not start with any that are wrong (<see cref="OptionsValidationException"/>, whose message
    /// names the option and the way out), nor where it cannot listen (<see cref="ListenException"/>). The drain begins with
    /// <see cref="IHostApplicationLifetime.ApplicationStopping"/>, and services that were added after this one are stopped meanwhile: add the server
    /// last. <see cref="IPipeServer"/> tells where it listens, and how it ended. A server that reaches <see cref="HttpServerOptions.AcceptLimit"/>, or
    /// cannot accept any more, stops the host.
    /// </para>
    /// <para>
    /// When the section changes while the server runs, as that of a file that is watched, <see cref="HttpServer.Reload"/> puts the new values in force. What
    /// cannot change, or is wrong, is logged, and the server goes on. <paramref name="configure"/> is called again then.
    /// </para>
    /// </remarks>
    /// <exception cref="InvalidOperationException">There is a server in these services already: a host has one.</exception>
    public static PipeServerBuilder AddPipeServer(this IServiceCollection services, Action<HttpServerOptions>? configure = null) =>
        Add(services, section: null, configure);

    /// <summary>As the other one, with a section of the configuration that is given.</summary>
    /// <param name="services">The services of the host.</param>
    /// <param name="section">Where the options are read from, instead of <see cref="ConfigurationSection"/>.</param>
    /// <param name="configure">Changes options, after the section has been read.</param>
    /// <inheritdoc cref="AddPipeServer(IServiceCollection, Action{HttpServerOptions})"/>
    public static PipeServerBuilder AddPipeServer(this IServiceCollection services, IConfiguration section, Action<HttpServerOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(section);
        return Add(services, section, configure);
    }

    private static PipeServerBuilder Add(IServiceCollection services, IConfiguration? section, Action<HttpServerOptions>? configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.Any(static service => service.ServiceType == typeof(PipeServerBuilder)))
        {
            throw new InvalidOperationException(
                "AddPipeServer has been called on these services already, and a host has one server. Map on what the first call has returned; for more places "
                + $"to listen at add to {nameof(HttpServerOptions)}.{nameof(HttpServerOptions.Endpoints)}; for a server of other routes start an "
                + $"{nameof(HttpServer)} in a hosted service of your own.");
        }

        var builder = new PipeServerBuilder(services);
        services.AddSingleton(builder);
        services.AddSingleton(provider => new OptionsSource(section ?? provider.GetService<IConfiguration>()?.GetSection(ConfigurationSection)));

        // In front of all others, those of before this call too: what the program sets goes before what the host and the configuration say.
        services.Insert(0, ServiceDescriptor.Singleton<IConfigureOptions<HttpServerOptions>, HttpServerOptionsSetup>());
        services.AddSingleton<IPostConfigureOptions<HttpServerOptions>, ShutdownTimeSetup>();
        services.AddSingleton<IValidateOptions<HttpServerOptions>, HttpServerOptionsValidator>();
        var options = services.AddOptions<HttpServerOptions>().ValidateOnStart();
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.AddSingleton<HostedHttpServer>();
        services.AddSingleton<IPipeServer>(static provider => provider.GetRequiredService<HostedHttpServer>());
        services.AddSingleton<IHostedService>(static provider => provider.GetRequiredService<HostedHttpServer>());
        return builder;
    }
}
