namespace PipeServer.Cli.Sites;

/// <summary>A site as the configuration file has it.</summary>
/// <param name="Place">Where it stands in the file: <c>sites[0]</c>.</param>
/// <param name="Hosts">The names of its hosts, at least one.</param>
/// <param name="Root">Its folder, as it was written.</param>
/// <param name="Values">The values of the options that it names, by their names without dashes.</param>
/// <param name="Text">All of it, to be compared.</param>
internal sealed record SiteEntry(
    string Place, IReadOnlyList<string> Hosts, string Root, IReadOnlyDictionary<string, IReadOnlyList<string>> Values, string Text)
{
    /// <summary>Stands for null, by which a site goes back to an option's default where all others have another value.</summary>
    public static readonly IReadOnlyList<string> Default = [];

    /// <summary>The name of the list of sites in the file.</summary>
    public const string ListName = "sites";

    /// <summary>The name of the list of a site's hosts.</summary>
    public const string HostsName = "hosts";

    /// <summary>The name of a site's folder.</summary>
    public const string RootName = "root";
}
