namespace PipeServer.Cli.Sites;

/// <summary>The sites that are served, by their hosts. Immutable; exchanged as a whole.</summary>
/// <param name="hosts">What answers for each host that has a name here.</param>
/// <param name="sites">The sites.</param>
/// <param name="others">What answers for all others, and for clients that name no host; null where nothing may.</param>
/// <param name="refusesUnknown">Other hosts are answered with 421 all the same.</param>
internal sealed class SiteTable(HostMap<ServedSite> hosts, IReadOnlyList<ServedSite> sites, ServedSite? others, bool refusesUnknown)
{
    /// <summary>The sites.</summary>
    public IReadOnlyList<ServedSite> Sites => sites;

    /// <summary>What answers a request; null where nothing may. Allocates nothing.</summary>
    public ServedSite? Find(HttpRequest request) =>
        Of(request.HostBytes) is { } site && (!site.NeedsClientCertificate || request.Tls?.ClientCertificate is not null || AcmeChallenge.IsAskedFor(request))
            ? site
            : null;

    /// <summary>What stands under a host, whoever asks; null where nothing does.</summary>
    /// <param name="host">The host as the request has it; empty where a client of HTTP/1.0 names none.</param>
    public ServedSite? Of(ReadOnlySpan<byte> host) => hosts.Find(host) ?? (refusesUnknown && !host.IsEmpty ? null : others);
}
