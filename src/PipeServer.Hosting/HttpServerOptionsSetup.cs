using System.Diagnostics.Metrics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace PipeServer.Hosting;

/// <summary>What options are before the program changes them: the host's own parts, then its configuration.</summary>
/// <param name="services">The host's services.</param>
/// <param name="section">What to read; null for the usual section of the host's configuration.</param>
internal sealed class HttpServerOptionsSetup(IServiceProvider services, IConfiguration? section) : IConfigureOptions<HttpServerOptions>
{
    public void Configure(HttpServerOptions options)
    {
        options.LoggerFactory = services.GetService<ILoggerFactory>() ?? options.LoggerFactory;
        options.TimeProvider = services.GetService<TimeProvider>() ?? options.TimeProvider;
        if (services.GetService<IMeterFactory>() is { } meters)
        {
            options.MeterFactory = meters.Create;
        }

        options.ShutdownGracePeriod = ShutdownTime.NotSet;
        var configuration = section ?? services.GetService<IConfiguration>()?.GetSection(PipeServerServiceCollectionExtensions.ConfigurationSection);
        if (configuration is null)
        {
            return;
        }

        var problems = HttpServerOptionsBinder.Bind(options, configuration);
        if (problems.Count > 0)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(HttpServerOptions), problems);
        }
    }
}
