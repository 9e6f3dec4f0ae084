namespace PipeServer;

/// <summary>Routes with a common prefix, and with filters of their own: see <see cref="RouteBuilder.MapGroup"/>.</summary>
public sealed class RouteGroup : RouteBuilder
{
    private readonly RouteBuilder _outer;

    internal RouteGroup(RouteBuilder outer, string prefix)
        : base(outer, prefix) => _outer = outer;

    /// <summary>What the patterns of its routes begin with, the prefixes of the groups around it included; empty for nothing.</summary>
    public string Prefix => WholePrefix;

    internal override void ThrowIfStarted() => _outer.ThrowIfStarted();
}
