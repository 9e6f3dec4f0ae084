using PipeServer.Transport;

namespace PipeServer.Server;

/// <summary>
/// A connection on its way through the filters of its endpoint: accepted and counted, but not handed to its protocol yet. All filters
/// together have the head time-out.
/// </summary>
/// <param name="server">What all connections share.</param>
/// <param name="filters">The filters; null for a connection beyond the limit, which is closed without an answer.</param>
internal sealed class FilteringConnection(ServerContext server, IReadOnlyList<IConnectionFilter>? filters) : Connection(server)
{
    public override ConnectionOutcome Outcome => filters is null ? ConnectionOutcome.Refused : base.Outcome;

    public override bool IsAdmitted => false;

    /// <summary>The connection that the last filter has returned, for the caller to go on with; null when it has ended.</summary>
    public TransportConnection? Filtered { get; private set; }

    public override void Detach()
    {
        // Not pooled.
    }

    public override void DescribeRequests(ICollection<RequestDescription> descriptions) => descriptions.Add(RequestDescription.NotArrived);

    protected override async Task ServeAsync()
    {
        if (filters is null)
        {
            return;
        }

        var filtered = Transport;
        foreach (var filter in filters)
        {
            if (await filter.ApplyAsync(filtered, Id, Deadlines).ConfigureAwait(false) is not { } next)
            {
                return;
            }

            filtered = next;
        }

        // The filters' work is done, so an abort that has come meanwhile finds the connection where it goes next.
        if (TryRelease())
        {
            Filtered = filtered;
        }
    }
}
