using System.Net;
using System.Security.Cryptography.X509Certificates;
using PipeServer.Cli.Tls;

namespace PipeServer.Tests.Cli.Tls;

/// <summary>The certificate that the program makes: what is in it, that it is kept, and when it is made anew.</summary>
public sealed class SelfSignedCertificateTests
{
    [Fact]
    public async Task It_is_for_this_machine_and_kept()
    {
        using var folder = new CertificateFolder();
        Directory.CreateDirectory(folder["www"]);
        for (var round = 0; round < 2; round++)
        {
            await using var cli = Serve(folder);
            await cli.ListeningAsync();
            await EndAsync(cli);
            if (round == 0)
            {
                Assert.Contains(cli.Output, line => line.Contains($"curl --cacert {folder["state/self-signed.pem"]}"));
                File.Copy(folder["state/self-signed.key"], folder["first"]);
            }

            Assert.Equal(File.ReadAllText(folder["first"]), File.ReadAllText(folder["state/self-signed.key"]));
        }

        using var certificate = X509CertificateLoader.LoadCertificateFromFile(folder["state/self-signed.pem"]);
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Contains("localhost", names.EnumerateDnsNames());
        Assert.Contains(IPAddress.Loopback, names.EnumerateIPAddresses());
        Assert.Contains(IPAddress.IPv6Loopback, names.EnumerateIPAddresses());
        Assert.False(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.Equal("1.3.6.1.5.5.7.3.1", certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages[0].Value);
        Assert.InRange((certificate.NotAfter - certificate.NotBefore).TotalDays, 364, 398);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder["state/self-signed.key"]));
        }

        Assert.Equal(["self-signed.key", "self-signed.pem"], Directory.GetFiles(folder["state"]).Select(static path => Path.GetFileName(path)).Order());
    }

    // One of another machine, one that will expire soon, one that is damaged.
    [Theory]
    [InlineData("other")]
    [InlineData("soon")]
    [InlineData("damaged")]
    public async Task One_that_does_not_fit_is_made_anew(string kind)
    {
        using var folder = new CertificateFolder();
        Directory.CreateDirectory(folder["www"]);
        Directory.CreateDirectory(folder["state"]);
        var (certificate, key) = folder.Write("old", kind == "other" ? ["elsewhere.example"] : ["localhost", Dns.GetHostName().ToLowerInvariant()], days: kind == "soon" ? 29 : 60);
        File.WriteAllText(folder["state/self-signed.key"], kind == "damaged" ? "?" : File.ReadAllText(key) + File.ReadAllText(certificate));
        await using var cli = Serve(folder);
        await cli.ListeningAsync();
        await EndAsync(cli);
        var made = TlsCertificate.FromPemFiles(folder["state/self-signed.key"]);
        Assert.Contains("localhost", made.Names);
        Assert.True(made.NotAfter > TimeProvider.System.GetUtcNow().AddDays(300));
    }

    // Two processes that start at once exchange each other's files. Then users were told to trust one certificate, and got another one.
    [Fact]
    public async Task The_file_to_be_trusted_is_the_one_that_is_served()
    {
        using var folder = new CertificateFolder();
        Directory.CreateDirectory(folder["www"]);
        var all = Enumerable.Range(0, 4).Select(_ => Serve(folder)).ToList();
        foreach (var cli in all)
        {
            await using var owned = cli;
            await cli.ListeningAsync();
            await EndAsync(cli);
        }

        AssertSame();
        var (other, _) = folder.Write("other", ["localhost"]);
        File.Copy(other, folder["state/self-signed.pem"], overwrite: true);
        await using var last = Serve(folder);
        await last.ListeningAsync();
        await EndAsync(last);
        AssertSame();

        void AssertSame() => Assert.Equal(
            TlsCertificate.FromPemFiles(folder["state/self-signed.key"]).Certificate.ExportCertificatePem() + "\n", File.ReadAllText(folder["state/self-signed.pem"]));
    }

    [Fact]
    public async Task Where_it_cannot_be_kept_it_is_in_memory_and_that_is_said()
    {
        using var folder = new CertificateFolder();
        Directory.CreateDirectory(folder["www"]);
        File.WriteAllText(folder["state"], "a file in the place of the folder");
        await using var cli = Serve(folder);
        await cli.ListeningAsync();
        await EndAsync(cli);
        Assert.Contains(cli.Output, static line => line.Contains("SHA-256 "));
        Assert.Contains(cli.Output, static line => line.Contains("in memory only"));
    }

    // Where it could not be kept, the certificate of a site was described in its place.
    [Fact]
    public async Task Beside_a_sites_certificate_it_is_the_one_that_is_told_of()
    {
        using var folder = new CertificateFolder();
        Directory.CreateDirectory(folder["www"]);
        folder.Write("site", ["site.example"]);
        File.WriteAllText(folder["state"], "a file in the place of the folder");
        File.WriteAllText(
            folder["config.json"],
            """{ "root": "www", "port": 0, "tls-self-signed": true, "sites": [{ "hosts": "site.example", "root": "www", "tls-cert": "site.pem", "tls-key": "site.key" }] }""");
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer, new Dictionary<string, string>(StringComparer.Ordinal) { ["STATE_DIRECTORY"] = folder["state"] },
            "serve", "--config", folder["config.json"]);
        await cli.ListeningAsync();
        await EndAsync(cli);
        Assert.Contains(cli.Output, static line => line.StartsWith("Self-signed certificate for localhost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_check_leaves_nothing_behind()
    {
        using var folder = new CertificateFolder();
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer, new Dictionary<string, string>(StringComparer.Ordinal) { ["STATE_DIRECTORY"] = folder["state"] }, "check", folder.Root, "--tls-self-signed");
        Assert.Equal(0, await cli.EndAsync());
        Assert.False(Directory.Exists(folder["state"]));
    }

    [Theory]
    [InlineData("/s1:/s2", "/x", "/s1")]
    [InlineData(null, "/x", "/x/pipeserver")]
    [InlineData("", "relative", null)]
    public void It_lies_in_the_service_or_users_folder(string? state, string? home, string? expected)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The folders are those of Linux.");
        Assert.Equal(expected ?? Path.Combine("/h", ".local/state/pipeserver"), SelfSignedCertificate.FolderOf(state, home, "/h"));
        Assert.Null(SelfSignedCertificate.FolderOf(null, null, ""));
    }

    private static CliProcess Serve(CertificateFolder folder) => CliProcess.Start(
        CliProcess.PipeServer, new Dictionary<string, string>(StringComparer.Ordinal) { ["STATE_DIRECTORY"] = folder["state"] },
        "serve", folder["www"], "--port", "0", "--tls-self-signed");

    private static async Task EndAsync(CliProcess cli)
    {
        await Eventually.TrueAsync(() => cli.Output.Any(static line => line.StartsWith("Serving ")), "it says what it serves");
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
    }
}
