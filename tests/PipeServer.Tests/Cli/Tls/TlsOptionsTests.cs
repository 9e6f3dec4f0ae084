namespace PipeServer.Tests.Cli.Tls;

/// <summary>What is wrong with the options of TLS is told by <c>check</c>, in one line with the way out; and what is right passes.</summary>
public sealed class TlsOptionsTests : IDisposable
{
    private readonly CertificateFolder _folder = new();

    public TlsOptionsTests()
    {
        _folder.Write("a", ["a.example"]);
        _folder.Write("b", ["b.example"]);
        File.WriteAllBytes(_folder["ticket"], new byte[80]);
        using var pair = TlsCertificate.FromPemFiles(_folder["a.pem"], _folder["a.key"]).Certificate;
        File.WriteAllBytes(_folder["a.p12"], pair.Export(System.Security.Cryptography.X509Certificates.X509ContentType.Pkcs12, "pass"));
        File.WriteAllText(_folder["pass"], "pass\n");
        File.WriteAllText(_folder["wrong"], "wrong\n");
        foreach (var secret in new[] { "ticket", "a.p12", "pass", "wrong" })
        {
            _folder.SetMode(secret, CertificateFolder.OwnerOnly);
        }

        File.WriteAllText(_folder["password.json"], "{ \"tls-pfx-password\": \"pass\" }");
        File.WriteAllText(_folder["relative.json"], "{ \"tls-cert\": [\"a.pem\", \"b.pem\"], \"tls-key\": [\"a.key\", \"b.key\"], \"tls-client-ca\": \"ca.pem\", \"tls-min\": 1.3, \"tls-ticket-keys\": \"ticket\" }");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--tls-cert a.pem", "--tls-cert: ", "a.pem holds no private key, and no other file is named that does.")]
    [InlineData("--tls-cert a.pem --tls-key b.key", "a.pem", "b.key do not belong together.")]
    [InlineData("--tls-cert a.key --tls-key a.pem", "Are the two files exchanged?")]
    [InlineData("--tls-cert none --tls-key a.key", "--tls-cert: ", "none")]
    [InlineData("--tls-cert a.pem --tls-key none", "--tls-cert: ", "none")]
    [InlineData("--tls-cert / --tls-key a.key", "--tls-cert: / is a folder, and a file is wanted.")]
    [InlineData("--tls-key a.key", "there is no certificate for it; name its file by --tls-cert.")]
    [InlineData("--tls-cert a.pem --tls-key a.key --tls-key b.key", "--tls-key is given 2 times and --tls-cert 1")]
    [InlineData("--tls-pfx a.p12", "--tls-pfx: ", "a password is needed")]
    [InlineData("--tls-pfx a.p12 --tls-pfx-password-file wrong", "--tls-pfx: ", "the password is wrong")]
    [InlineData("--tls-pfx a.p12 --tls-pfx-password-file none", "--tls-pfx-password-file: ", "none")]
    [InlineData("--tls-pfx-password-file pass", "there is no PKCS#12 file that it is for")]
    [InlineData("--tls-pfx a.p12 --tls-pfx-password pass", "There is no option '--tls-pfx-password': a password there could be read by others.", "--tls-pfx-password-file", "PIPESERVER_TLS_PFX_PASSWORD")]
    [InlineData("--config password.json", "there is no option \"tls-pfx-password\": a password there could be read by others.")]
    [InlineData("--tls-self-signed --tls-cert a.pem --tls-key a.key", "--tls-self-signed makes a certificate, and there is one by --tls-cert.")]
    [InlineData("--tls-client-ca ca.pem", "--tls-client-ca needs a certificate")]
    [InlineData("--tls-ticket-keys ticket", "--tls-ticket-keys needs a certificate")]
    [InlineData("--tls-ciphers ECDHE-RSA-AES128-GCM-SHA256", "--tls-ciphers needs a certificate")]
    [InlineData("--tls-cert a.pem --tls-key a.key --tls-client-optional", "no certificates are asked of clients; name their authorities by --tls-client-ca FILE.")]
    [InlineData("--tls-cert a.pem --tls-key a.key --tls-client-ca a.key", "--tls-client-ca: ", "a.key holds no certificate")]
    [InlineData("--tls-cert a.pem --tls-key a.key --tls-ticket-keys a.pem", "--tls-ticket-keys: ", "must have 80 bytes, and has")]
    [InlineData("--tls-cert a.pem --tls-key a.key --tls-ticket-keys ticket --tls-engine sslstream", "the engine sslstream resumes no sessions")]
    [InlineData("--tls-cert a.pem --tls-key a.key --tls-min 1.1", "--tls-min must be 1.2 or 1.3; '1.1' is not.")]
    [InlineData("--tls-cert a.pem --tls-key a.key --tls-engine gnutls", "--tls-engine must be auto, openssl or sslstream; 'gnutls' is not.")]
    [InlineData("--tls-cert a.pem --tls-key a.key --tls-ciphers nonsense", "--tls-ciphers ", "nonsense")]
    [InlineData("--tls-cert a.pem --tls-key a.key --max-handshakes 0", "--max-handshakes")]
    [InlineData("--listen 127.0.0.1:0,tls", "--listen 127.0.0.1:0,tls: TLS needs a certificate.", "--tls-cert FILE --tls-key FILE", "--tls-self-signed")]
    [InlineData("--tls-cert a.pem --tls-key a.key --listen unix:@name", "no place that speaks TLS", "--listen unix:PATH,tls")]
    public async Task A_mistake_is_told(string arguments, params string[] expected)
    {
        var (code, lines, errors) = await CheckAsync(arguments);
        Assert.True(code == 1, string.Join('\n', lines));
        var line = Assert.Single(errors);
        Assert.All(expected, part => Assert.Contains(part, line));
    }

    [Theory]
    [InlineData("--tls-cert a.pem --tls-key a.key")]
    [InlineData("--tls-cert a.pem --tls-key a.key --tls-cert b.pem --tls-key b.key --tls-client-ca ca.pem --tls-client-optional")]
    [InlineData("--tls-pfx a.p12 --tls-pfx-password-file pass")]
    [InlineData("--tls-self-signed --tls-min 1.3 --tls-engine sslstream --max-handshakes 100")]
    [InlineData("--tls-cert a.pem --tls-key a.key --listen 127.0.0.1:8080 --listen unix:@name,tls")]
    [InlineData("--config relative.json")]
    public async Task What_is_right_is_valid(string arguments)
    {
        var (code, lines, errors) = await CheckAsync(arguments);
        Assert.Empty(errors);
        Assert.Equal((0, "The configuration is valid."), (code, lines[^1]));
    }

    [Fact]
    public async Task The_password_may_be_a_variable()
    {
        var (code, _, errors) = await CheckAsync("--tls-pfx a.p12", ("PIPESERVER_TLS_PFX_PASSWORD", "pass"));
        Assert.Empty(errors);
        Assert.Equal(0, code);
    }

    // Check was silent of them, and a server then served what clients refuse.
    [Fact]
    public async Task What_can_be_served_and_should_not_be_is_told()
    {
        _folder.Write("late", ["late.example"], days: 5);
        _folder.Write("over", ["over.example"], days: -0.5);
        if (!OperatingSystem.IsWindows())
        {
            _folder.SetMode("late.key", UnixFileMode.UserRead | UnixFileMode.OtherRead);
        }

        var (code, lines, errors) = await CheckAsync("--tls-cert late.pem --tls-key late.key --tls-cert over.pem --tls-key over.key");
        Assert.Equal((0, "The configuration is valid."), (code, lines[^1]));
        Assert.Contains(errors, static line => line.StartsWith("pipeserver: warning: The certificate for late.example expires in 5 days", StringComparison.Ordinal));
        Assert.Contains(errors, static line => line.StartsWith("pipeserver: error: The certificate for over.example has expired", StringComparison.Ordinal));
        Assert.Equal(OperatingSystem.IsWindows() ? 2 : 3, errors.Count);
    }

    private async Task<(int Code, IReadOnlyList<string> Lines, IReadOnlyList<string> Errors)> CheckAsync(string arguments, params (string, string)[] variables)
    {
        string[] words = [.. arguments.Split(' ').Select(word => File.Exists(_folder[word]) || word == "none" ? _folder[word] : word)];
        await using var cli = CliProcess.Start(
            CliProcess.PipeServer, variables.ToDictionary(static pair => pair.Item1, static pair => pair.Item2, StringComparer.Ordinal), ["check", _folder.Root, .. words]);
        var code = await cli.EndAsync();
        return (code, cli.Output, cli.Errors);
    }
}
