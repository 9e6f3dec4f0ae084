using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PipeServer.Hosting.Configuration;

namespace PipeServer.Hosting;

/// <summary>What options are before the program changes them: the host's own parts, then its configuration.</summary>
/// <param name="services">The host's services.</param>
/// <param name="source">What to read.</param>
internal sealed class HttpServerOptionsSetup(IServiceProvider services, OptionsSource source) : IConfigureOptions<HttpServerOptions>
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
        if (source.Section is not { } section)
        {
            return;
        }

        var problems = HttpServerOptionsBinder.Bind(options, section);
        if (problems.Count > 0)
        {
            throw new OptionsValidationException(Options.DefaultName, typeof(HttpServerOptions), problems);
        }
    }
}
