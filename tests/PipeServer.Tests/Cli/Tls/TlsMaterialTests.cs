using System.Security.Cryptography;
using PipeServer.Cli.Tls;

namespace PipeServer.Tests.Cli.Tls;

/// <summary>What TLS reads from files: whole or not at all, and the same objects for what has not changed.</summary>
public sealed class TlsMaterialTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_has_not_changed_is_the_same_object()
    {
        var (files, before) = Two();
        Assert.True(before.IsOf(before.Look()));
        _folder.Write("b", ["b2.example"]);
        Assert.False(before.IsOf(before.Look()));
        Assert.Null(TlsMaterial.TryRead(files, before, out var after));
        Assert.Same(before.Certificates[0], after!.Certificates[0]);
        Assert.Equal(["b2.example"], after.Certificates[1].Names);
        Assert.Equal(["--tls-cert"], after.ChangedOptions(before));

        // Written anew with the same in it.
        File.WriteAllText(_folder["b.pem"], File.ReadAllText(_folder["b.pem"]));
        Assert.Null(TlsMaterial.TryRead(files, after, out var again));
        Assert.Same(after.Certificates[1], again!.Certificates[1]);
        Assert.Empty(again.ChangedOptions(after));
    }

    // As certbot does it, and as Kubernetes does: what the path says stays, what it leads to changes.
    [Fact]
    public void A_link_that_leads_elsewhere_is_a_change()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a right on Windows.");
        var (files, _) = Two();
        Directory.CreateDirectory(_folder["one"]);
        Directory.CreateDirectory(_folder["two"]);
        foreach (var name in new[] { "a.pem", "a.key" })
        {
            File.Copy(_folder[name], _folder["one/" + name]);
            File.Copy(_folder["b" + name[1..]], _folder["two/" + name]);
        }

        Directory.CreateSymbolicLink(_folder["data"], _folder["one"]);
        files = new TlsFiles([new CertificateFiles(_folder["data/a.pem"], _folder["data/a.key"])]);
        Assert.Null(TlsMaterial.TryRead(files, null, out var before));
        Directory.Delete(_folder["data"]);
        Directory.CreateSymbolicLink(_folder["data"], _folder["two"]);
        Assert.False(before!.IsOf(before.Look()));
        Assert.Null(TlsMaterial.TryRead(files, before, out var after));
        Assert.Equal(["b.example"], after!.Certificates[0].Names);
    }

    [Fact]
    public void Certificates_of_one_file_of_authorities_share_it_and_its_change_is_theirs()
    {
        var (certificate, key) = _folder.Write("a", ["a.example"]);
        var (other, otherKey) = _folder.Write("b", ["b.example"]);
        File.Copy(_folder.Authority, _folder["own.pem"]);
        var files = new TlsFiles([
            new CertificateFiles(certificate, key), new CertificateFiles(other, otherKey),
            new CertificateFiles(other, otherKey) { ClientAuthoritiesPath = _folder["own.pem"], Option = "sites" },
        ])
        { ClientAuthoritiesPath = _folder.Authority };
        Assert.Null(TlsMaterial.TryRead(files, null, out var before));
        Assert.Same(before!.Certificates[0].ClientCertificates, before.Certificates[1].ClientCertificates);
        Assert.NotSame(before.Certificates[0].ClientCertificates, before.Certificates[2].ClientCertificates);
        Assert.True(before.Certificates[0].ClientCertificates!.IsRequired);
        using var another = TestCertificates.CreateAuthority("another");
        File.AppendAllText(_folder.Authority, another.ExportCertificatePem());
        Assert.Null(TlsMaterial.TryRead(files, before, out var after));
        Assert.Equal(2, after!.Certificates[0].ClientCertificates!.Authorities.Count);
        Assert.Same(before.Certificates[2], after.Certificates[2]);
        Assert.Equal(["--tls-client-ca"], after.ChangedOptions(before));
        Assert.Null(TlsMaterial.TryRead(files with { ClientsAreOptional = true }, after, out var optional));
        Assert.False(optional!.Certificates[0].ClientCertificates!.IsRequired);
    }

    [Fact]
    public void Ticket_keys_are_read_and_compared()
    {
        var (certificate, key) = _folder.Write("a", ["a.example"]);
        File.WriteAllBytes(_folder["one"], RandomNumberGenerator.GetBytes(80));
        File.WriteAllBytes(_folder["two"], RandomNumberGenerator.GetBytes(80));
        var files = new TlsFiles([new CertificateFiles(certificate, key)]) { TicketKeyPaths = [_folder["one"], _folder["two"]] };
        Assert.Null(TlsMaterial.TryRead(files, null, out var before));
        Assert.Equal(File.ReadAllBytes(_folder["two"]), before!.TicketKeys![1].ToArray());
        File.WriteAllBytes(_folder["one"], RandomNumberGenerator.GetBytes(80));
        Assert.Null(TlsMaterial.TryRead(files, before, out var after));
        Assert.Equal(["--tls-ticket-keys"], after!.ChangedOptions(before));
        File.WriteAllBytes(_folder["one"], RandomNumberGenerator.GetBytes(48));
        Assert.Contains("must have 80 bytes, and has 48", TlsMaterial.TryRead(files, after, out _));
        File.Delete(_folder["one"]);
        Assert.StartsWith("--tls-ticket-keys: ", TlsMaterial.TryRead(files, after, out _));
    }

    // A key that comes through a pipe (--tls-key <(...)) is read once. To read it again, when the certificate had changed, waited for ever, and all reloads with it.
    [Fact]
    public async Task What_is_no_file_is_not_read_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Pipes with a name.");
        var (certificate, key) = _folder.Write("a", ["a.example"]);
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [_folder["pipe"]]))
        {
            await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        var files = new TlsFiles([new CertificateFiles(certificate, _folder["pipe"])]);
        var text = await File.ReadAllTextAsync(key, TestContext.Current.CancellationToken);
        var writer = Task.Run(() => File.WriteAllText(_folder["pipe"], text), TestContext.Current.CancellationToken);
        Assert.Null(TlsMaterial.TryRead(files, null, out var before));
        await writer;
        Assert.Null(TlsMaterial.TryRead(files, before, out var after));
        Assert.Same(before!.Certificates[0], after!.Certificates[0]);
        _folder.Write("a", ["a2.example"]);
        var again = Task.Run(() => TlsMaterial.TryRead(files, before, out _), TestContext.Current.CancellationToken);
        Assert.Contains("this is no file, and cannot be read twice", await again.WaitAsync(TestClient.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Secrets_that_everybody_may_read_are_named()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Modes are Unix's.");
        var (files, material) = Two();
        _folder.SetMode("a.key", UnixFileMode.UserRead);
        _folder.SetMode("b.key", UnixFileMode.UserRead | UnixFileMode.OtherRead);
        Assert.Equal([_folder["b.key"]], material.Exposed.Select(static file => file.Path));
        Assert.Equal(4, files.Paths.Count());
    }

    private (TlsFiles Files, TlsMaterial Material) Two()
    {
        var (certificate, key) = _folder.Write("a", ["a.example"]);
        var (other, otherKey) = _folder.Write("b", ["b.example"]);
        var files = new TlsFiles([new CertificateFiles(certificate, key), new CertificateFiles(other, otherKey)]);
        Assert.Null(TlsMaterial.TryRead(files, null, out var material));
        return (files, material!);
    }
}
