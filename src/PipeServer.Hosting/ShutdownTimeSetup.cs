using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace PipeServer.Hosting;

/// <summary>Sets the grace period of a program that has set none: see <see cref="ShutdownTime"/>.</summary>
/// <param name="host">Says how long a stop of the host may take.</param>
internal sealed class ShutdownTimeSetup(IOptions<HostOptions> host) : IPostConfigureOptions<HttpServerOptions>
{
    public void PostConfigure(string? name, HttpServerOptions options)
    {
        if (options.ShutdownGracePeriod == ShutdownTime.NotSet)
        {
            options.ShutdownGracePeriod = ShutdownTime.GracePeriod(host.Value.ShutdownTimeout, options.DrainDelay);
        }
    }
}
