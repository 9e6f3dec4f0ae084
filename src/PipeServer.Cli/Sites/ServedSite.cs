using PipeServer.StaticFiles;

namespace PipeServer.Cli.Sites;

/// <summary>A site that is served.</summary>
/// <param name="Name">What it is told from others by after a reload.</param>
/// <param name="Files">What answers.</param>
/// <param name="IsOwn">The handler is the site's own, and not that of ROOT.</param>
/// <param name="NeedsClientCertificate">It is for clients that have shown a certificate: never for plain HTTP, which asks nobody for one.</param>
internal sealed record ServedSite(string Name, StaticFileHandler Files, bool IsOwn, bool NeedsClientCertificate = false);
