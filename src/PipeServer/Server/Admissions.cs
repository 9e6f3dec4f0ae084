namespace PipeServer.Server;

/// <summary>Makes the <see cref="Admission"/>s of a server: one for all connections of a protocol that have a permit. Thread-safe.</summary>
/// <param name="connections">The manager that has the connections.</param>
/// <param name="permits">Where permits are from.</param>
/// <param name="quota">Counts the connections of an address.</param>
internal sealed class Admissions(ConnectionManager connections, Permits permits, AddressQuota quota)
{
    // A server has two protocols at most: to search is quicker than to look up. Exchanged as a whole; one that is made twice does no harm.
    private volatile Admission[] _usual = [];

    /// <summary>What a connection of a protocol is admitted with.</summary>
    /// <param name="protocol">What is spoken on it.</param>
    /// <param name="hasPermit">It has a permit, which goes back when it has ended.</param>
    public Admission Of(IProtocol protocol, bool hasPermit)
    {
        if (!hasPermit)
        {
            return new Admission(connections, protocol, permits: null, quota);
        }

        var usual = _usual;
        foreach (var admission in usual)
        {
            if (admission.Protocol == protocol)
            {
                return admission;
            }
        }

        var made = new Admission(connections, protocol, permits, quota);
        _usual = [.. usual, made];
        return made;
    }
}
