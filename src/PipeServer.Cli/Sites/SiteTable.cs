using PipeServer.StaticFiles;

namespace PipeServer.Cli.Sites;

/// <summary>The sites that are served, by their hosts. Immutable; exchanged as a whole.</summary>
/// <param name="hosts">What answers for each host that has a name here.</param>
/// <param name="sites">The sites.</param>
/// <param name="others">What answers for all others, and for clients that name no host.</param>
/// <param name="refusesUnknown">Other hosts are answered with 421 instead.</param>
internal sealed class SiteTable(HostMap<StaticFileHandler> hosts, IReadOnlyList<ServedSite> sites, StaticFileHandler others, bool refusesUnknown)
{
    /// <summary>The sites.</summary>
    public IReadOnlyList<ServedSite> Sites => sites;

    /// <summary>What answers for a host; null where none does.</summary>
    /// <param name="host">The host as the request has it; empty where a client of HTTP/1.0 names none.</param>
    public StaticFileHandler? Find(ReadOnlySpan<byte> host) =>
        hosts.Find(host) ?? (refusesUnknown && !host.IsEmpty ? null : others);
}
