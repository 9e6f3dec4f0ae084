namespace PipeServer.Hosting;

/// <summary>Routes with a common prefix, and with filters of their own: see <see cref="HostedRouteBuilder.MapGroup"/>.</summary>
public sealed class HostedRouteGroup : HostedRouteBuilder
{
    private readonly HostedRouteBuilder _outer;

    internal HostedRouteGroup(HostedRouteBuilder outer, RouteGroup probe)
        : base(outer, probe)
    {
        _outer = outer;
        Prefix = probe.Prefix;
    }

    /// <summary>What the patterns of its routes begin with, the prefixes of the groups around it included; empty for nothing.</summary>
    public string Prefix { get; }

    private protected override void ThrowIfStarted() => _outer.CheckNotStarted();
}
