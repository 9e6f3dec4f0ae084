namespace PipeServer.Hosting;

/// <summary>The grace period of a program that has set none: what the host has for its stop, less what comes before and after the drain.</summary>
/// <remarks>Compiled into both libraries that follow a host: neither sees the other, and the core knows no host.</remarks>
internal static class ShutdownTime
{
    /// <summary>Stands for a grace period that nobody has set: no option may have it.</summary>
    public static readonly TimeSpan NotSet = TimeSpan.MinValue;

    // For cutting off what is left, the report, and the other services of the host.
    private static readonly TimeSpan MostReserve = TimeSpan.FromSeconds(1);

    // The host may have no limit, and a server has one, of 49 days.
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    /// <summary>The grace period that fits.</summary>
    /// <param name="whole">The host's <c>ShutdownTimeout</c>.</param>
    /// <param name="delay">The server's <see cref="HttpServerOptions.DrainDelay"/>.</param>
    public static TimeSpan GracePeriod(TimeSpan whole, TimeSpan delay)
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
