using PipeServer.StaticFiles;

namespace PipeServer.Cli.Sites;

/// <summary>Sites whose folders are opened, and which are not in force yet: all of them, or none.</summary>
internal sealed class PreparedSites
{
    private readonly List<Opened> _sites = [];
    private readonly StaticFileHandler _others;
    private readonly ServeSettings _settings;

    private PreparedSites(StaticFileHandler others, ServeSettings settings) => (_others, _settings) = (others, settings);

    /// <summary>Whether other users are let in at one of the sites than before.</summary>
    public bool HasOtherUsers => _sites.Exists(static site => site.Next is { } next && site.Files.HasOtherUsers(next));

    /// <summary>Opens the folders.</summary>
    /// <param name="settings">What the sites are.</param>
    /// <param name="others">The handler of ROOT, which answers for what is no site.</param>
    /// <param name="before">The sites in force, or null. One that has the name of one of them goes on with its memory.</param>
    /// <param name="prepared">The sites, to be committed or dropped before they are prepared again; null where there is a problem.</param>
    /// <returns>What is wrong, with the way out; null when nothing is.</returns>
    public static string? TryOpen(ServeSettings settings, StaticFileHandler others, SiteTable? before, out PreparedSites? prepared)
    {
        prepared = new PreparedSites(others, settings);
        foreach (var site in settings.Sites)
        {
            var old = before?.Sites.FirstOrDefault(other => other.IsOwn && other.Name == site.Name)?.Files;
            if (site.IsDefault)
            {
                prepared._sites.Add(new Opened(site, others, IsOwn: false, Next: null));
            }
            else if (ServeSettings.TryOpenFolder(site.Root, site.Files, old, settings.Explain, out var opened) is { } problem)
            {
                prepared.Drop();
                prepared = null;
                return $"{site.Place}: {problem}";
            }
            else
            {
                prepared._sites.Add(new Opened(site, old ?? opened!, IsOwn: true, Next: old is null ? null : opened));
            }
        }

        return null;
    }

    /// <summary>Puts the sites' options in force, each as a whole. Does not wait.</summary>
    /// <returns>The sites, for a <see cref="SiteRouter"/>.</returns>
    public SiteTable Commit()
    {
        foreach (var site in _sites)
        {
            if (site.Next is { } next)
            {
                site.Files.TakeOver(next);
            }
        }

        List<ServedSite> sites = [];
        List<KeyValuePair<string, ServedSite>> hosts = [];
        foreach (var (settings, files, isOwn, _) in _sites)
        {
            var site = new ServedSite(settings.Name, files, isOwn, NeedsClientCertificate(settings));
            sites.Add(site);
            hosts.AddRange(settings.Hosts.Select(host => KeyValuePair.Create(host, site)));
        }

        // Under other names clients are asked for what goes with the general certificate: for no certificate, or for another authority's.
        var others = _sites is not [{ Settings.IsDefault: true }, ..] ? new ServedSite("", _others, IsOwn: false)
            : sites[0].NeedsClientCertificate && _settings.Tls.HasGeneralCertificate ? null
            : sites[0];
        return new SiteTable(new HostMap<ServedSite>(hosts), sites, others, _settings.RefusesUnknownHosts);
    }

    private bool NeedsClientCertificate(SiteSettings site) => site.Certificate?.ClientAuthoritiesPath is not null && !_settings.Tls.ClientsAreOptional;

    /// <summary>Gives back what was opened.</summary>
    public void Drop()
    {
        foreach (var site in _sites.Where(static site => site.IsOwn))
        {
            (site.Next ?? site.Files).Dispose();
        }
    }

    /// <param name="Settings">The site.</param>
    /// <param name="Files">What answers for it: its handler of before, or a new one.</param>
    /// <param name="IsOwn">It is not ROOT's handler.</param>
    /// <param name="Next">What its handler of before is to take over; null for a new one.</param>
    private sealed record Opened(SiteSettings Settings, StaticFileHandler Files, bool IsOwn, StaticFileHandler? Next);
}
