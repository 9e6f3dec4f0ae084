using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace PipeServer.DocsTests;

/// <summary>What the pages take for granted, below a folder of the test's own: /srv/www and other folders with files, users, a configuration, certificates.</summary>
internal static class ServedFolder
{
    /// <summary>Places of a real machine that the pages name.</summary>
    public static IReadOnlyList<string> Places { get; } = ["/srv/www", "/etc/pipeserver", "/run/pipeserver"];

    public static void Write(string folder)
    {
        foreach (var site in new[] { "wwwroot", "www", "example", "intern", "srv/www" })
        {
            WriteSite(Path.Combine(folder, site));
        }

        Directory.CreateDirectory(Path.Combine(folder, "run", "pipeserver"));
        Directory.CreateDirectory(Path.Combine(folder, "etc", "pipeserver"));
        File.WriteAllText(
            Path.Combine(folder, "etc", "pipeserver", "pipeserver.json"), """{ "root": "../../srv/www", "auth-file": "users", "browse": true }""");

        // Of the password "secret", by openssl passwd -6.
        const string User = "ann:$6$saltsalt$F5QzT9NCHxrMcWUa4g0flr4AT2xo5ar.KdjUCWQd4RJuXM4fOvgOl5rTvjjCYr7K5mhuOhiBO0.2oMp6aVCe71\n";
        File.WriteAllText(Path.Combine(folder, "etc", "pipeserver", "users"), User);
        File.WriteAllText(Path.Combine(folder, "users"), User);
        WriteCertificate(folder, "fullchain.pem", "privkey.pem", "example.com");
        WriteCertificate(folder, "intern.pem", "intern.key", "intern.example.org");
        WriteCertificate(folder, "staff.pem", "staff.key", "staff");
    }

    private static void WriteSite(string folder)
    {
        Directory.CreateDirectory(Path.Combine(folder, "assets"));
        Directory.CreateDirectory(Path.Combine(folder, "folder"));
        File.WriteAllText(Path.Combine(folder, "index.html"), "<!DOCTYPE html><html><body>index</body></html>\n");
        File.WriteAllText(Path.Combine(folder, "404.html"), "<!DOCTYPE html><html><body>not here</body></html>\n");
        File.WriteAllText(Path.Combine(folder, "about.html"), "<!DOCTYPE html><html><body>about</body></html>\n");
        File.WriteAllText(Path.Combine(folder, "folder", "index.html"), "<!DOCTYPE html><html><body>folder</body></html>\n");
        File.WriteAllText(Path.Combine(folder, "a.txt"), "a file\n");
        File.WriteAllText(Path.Combine(folder, "style.css"), "body { color: black }\n");
        File.WriteAllText(Path.Combine(folder, "assets", "app-1a2b3c4d.js"), "console.log(1);\n");
    }

    private static void WriteCertificate(string folder, string certificate, string key, string name)
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", ecdsa, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(90));
        File.WriteAllText(Path.Combine(folder, certificate), made.ExportCertificatePem() + "\n");
        var path = Path.Combine(folder, key);
        File.WriteAllText(path, ecdsa.ExportPkcs8PrivateKeyPem() + "\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
