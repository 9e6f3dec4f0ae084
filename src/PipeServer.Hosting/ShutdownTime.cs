using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace PipeServer.Hosting;

/// <summary>The grace period of a program that has set none: what the host has for its stop, less what comes before and after the drain.</summary>
/// <param name="host">Says how much that is.</param>
internal sealed class ShutdownTime(IOptions<HostOptions> host) : IPostConfigureOptions<HttpServerOptions>
{
    /// <summary>Stands for a grace period that nobody has set: no option may have it.</summary>
    public static readonly TimeSpan NotSet = TimeSpan.MinValue;

    // For cutting off what is left, the report, and the other services of the host.
    private static readonly TimeSpan MostReserve = TimeSpan.FromSeconds(1);

    // The host may have no limit, and a server has one, of 49 days.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    public void PostConfigure(string? name, HttpServerOptions options)
    {
        if (options.ShutdownGracePeriod == NotSet)
        {
            options.ShutdownGracePeriod = GracePeriod(host.Value.ShutdownTimeout, options.DrainDelay);
        }
    }

    private static TimeSpan GracePeriod(TimeSpan whole, TimeSpan delay)
    {
        if (whole == Timeout.InfiniteTimeSpan)
        {
            return Longest;
        }

        var tenth = whole / 10;
        var left = whole - (tenth < MostReserve ? tenth : MostReserve) - delay;
        return left < TimeSpan.Zero ? TimeSpan.Zero : left > Longest ? Longest : left;
    }
}
