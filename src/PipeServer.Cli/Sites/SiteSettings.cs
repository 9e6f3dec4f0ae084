using PipeServer.Cli.Tls;
using PipeServer.StaticFiles;

namespace PipeServer.Cli.Sites;

/// <summary>A site: the hosts that it answers for, and what it answers with.</summary>
/// <param name="place">Where it stands, for messages: the file, and <c>sites[0]</c> in it.</param>
/// <param name="hosts">The names of its hosts.</param>
/// <param name="root">Its folder.</param>
internal sealed class SiteSettings(string place, IReadOnlyList<string> hosts, string root)
{
    /// <summary>Where it stands, for messages.</summary>
    public string Place => place;

    /// <summary>The names of its hosts.</summary>
    public IReadOnlyList<string> Hosts => hosts;

    /// <summary>Its folder.</summary>
    public string Root => root;

    /// <summary>What it is told from others by after a reload.</summary>
    public string Name => hosts[0].ToLowerInvariant();

    /// <summary>The options of its files: what it names itself, and else those of all.</summary>
    public required StaticFileOptions Files { get; init; }

    /// <summary>Its certificate; null for those of all.</summary>
    public CertificateFiles? Certificate { get; init; }

    /// <summary>What stands in place of ROOT: unknown hosts get it too.</summary>
    public bool IsDefault { get; set; }

    /// <summary>The certificate that its options name.</summary>
    /// <param name="tls">What its options say.</param>
    /// <param name="place">Where they stand.</param>
    /// <param name="hosts">The names that it is for.</param>
    /// <returns>The certificate, or null.</returns>
    /// <exception cref="ConfigurationException">They do not go together.</exception>
    public static CertificateFiles? CertificateOf(TlsSettings tls, string place, IReadOnlyList<string> hosts)
    {
        var paths = (IReadOnlyList<string>)[.. tls.CertificatePaths, .. tls.Pkcs12Paths];
        var problem = paths.Count > 1 ? "a site has one certificate, in tls-cert or tls-pfx"
            : tls.KeyPaths.Count > tls.CertificatePaths.Count ? "tls-key is for a certificate of the site's own: name it by tls-cert"
            : tls.PasswordPaths.Count > tls.Pkcs12Paths.Count ? "tls-pfx-password-file is for a file of the site's own: name it by tls-pfx"
            : tls.ClientAuthoritiesPath is not null && paths.Count == 0 ? "tls-client-ca needs a certificate of the site's own: name it by tls-cert and tls-key"
            : null;
        if (problem is not null)
        {
            throw new ConfigurationException($"{place}: {problem}.");
        }

        return paths.Count == 0 ? null : new CertificateFiles(paths[0], tls.KeyPaths is [var key] ? key : null)
        {
            Option = $"{place}.{(tls.Pkcs12Paths.Count > 0 ? "tls-pfx" : "tls-cert")}",
            IsPkcs12 = tls.Pkcs12Paths.Count > 0,
            PasswordPath = tls.PasswordPaths is [var password] ? password : null,
            ClientAuthoritiesPath = tls.ClientAuthoritiesPath,
            Hosts = string.Join(' ', hosts),
        };
    }
}
