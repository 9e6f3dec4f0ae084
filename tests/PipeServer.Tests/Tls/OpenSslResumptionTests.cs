using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PipeServer.Tls.OpenSsl;

namespace PipeServer.Tests.Tls;

/// <summary>
/// A session begins again where it began, and nowhere else: a ticket of one name, endpoint, certificate or client authority is refused at another, even
/// where the keys of the tickets are the same.
/// </summary>
public sealed class OpenSslResumptionTests
{
    private static readonly ReadOnlyMemory<byte> Key = RandomNumberGenerator.GetBytes(TicketKey.Length);

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task A_session_begins_again_where_it_began_and_nowhere_else(string version)
    {
        using var folder = new Folder();
        using var otherAuthority = TestCertificates.CreateAuthority("another");
        var source = TestCertificates.Source(
            ("localhost", TestCertificates.Localhost), ("one.test", TestCertificates.Create("one.test")), ("two.test", TestCertificates.Create("two.test")));
        await using var server = await OpenSslServer.StartAsync(endpoints:
        [
            Options(null), Options(null), Options([TestCertificates.Authority]), Options([TestCertificates.Authority, otherAuthority]),
            Options([TestCertificates.Authority], isRequired: false),
        ]);
        var client = folder.Write("client", TestCertificates.CreateClient("alice"));

        var begun = new List<(string Session, int Endpoint, string Name)>();
        foreach (var (endpoint, name) in new[] { (0, "localhost"), (0, "one.test"), (0, "two.test"), (0, ""), (1, "one.test"), (2, "one.test"), (3, "one.test"), (4, "one.test") })
        {
            var session = folder.Path($"session-{begun.Count}");
            Assert.Contains("resumed=False", await RunAsync(endpoint, name, $"-sess_out {session}"));
            begun.Add((session, endpoint, name));
        }

        foreach (var (session, endpoint, name) in begun)
        {
            foreach (var (_, otherEndpoint, otherName) in begun)
            {
                var output = await RunAsync(otherEndpoint, otherName, $"-sess_in {session}");
                var isSame = (endpoint, name) == (otherEndpoint, otherName);
                Assert.True(output.Contains($"resumed={isSame}"), $"From {endpoint} {name} to {otherEndpoint} {otherName}: {output}");
                Assert.Contains(otherEndpoint < 2 ? "client=- " : "client=CN=alice ", output); // a session that goes on still has its client's certificate
            }
        }

        TlsOptions Options(IEnumerable<X509Certificate2>? authorities, bool isRequired = true)
        {
            var options = OpenSslServer.Options(source);
            options.TicketKeys = [Key];
            options.ClientCertificates = authorities is null ? null : new TlsClientCertificates(authorities) { IsRequired = isRequired };
            return options;
        }

        Task<string> RunAsync(int endpoint, string name, string arguments) => server.RunClientAsync(
            $"{version} -ign_eof {(name.Length > 0 ? "-servername " + name : "-noservername")} {client} {arguments}", endpoint);
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task A_session_goes_on_at_a_replica_that_has_the_keys_and_not_with_another_certificate(string version)
    {
        using var folder = new Folder();
        var session = folder.Path("session");
        var certificate = TestCertificates.Create("localhost");
        await using (var first = await StartAsync(certificate))
        {
            Assert.Contains("resumed=False", await first.RunClientAsync($"{version} -ign_eof -sess_out {session}"));
        }

        await using (var replica = await StartAsync(certificate))
        {
            Assert.Contains("resumed=True", await replica.RunClientAsync($"{version} -ign_eof -sess_in {session}"));
        }

        await using (var renewed = await StartAsync(TestCertificates.Create("localhost")))
        {
            Assert.Contains("resumed=False", await renewed.RunClientAsync($"{version} -ign_eof -sess_in {session}"));
        }

        static Task<OpenSslServer> StartAsync(TlsCertificate certificate)
        {
            var options = OpenSslServer.Options(TestCertificates.Source(("localhost", certificate)));
            options.TicketKeys = [Key];
            return OpenSslServer.StartAsync(endpoints: options);
        }
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task Keys_of_its_own_are_exchanged_and_tickets_live_a_day(string version)
    {
        using var folder = new Folder();
        var session = folder.Path("session");
        var time = new ManualTimeProvider();
        await using var server = await OpenSslServer.StartAsync(configure: options => options.TimeProvider = time);
        await server.RunClientAsync($"{version} -ign_eof -sess_out {session}");
        time.Jump(TimeSpan.FromHours(13));
        Assert.Contains("resumed=True", await server.RunClientAsync($"{version} -ign_eof -sess_in {session}"));
        time.Jump(TimeSpan.FromHours(12));
        Assert.Contains("resumed=True", await server.RunClientAsync($"{version} -ign_eof -sess_in {session}"));
        time.Jump(TimeSpan.FromHours(12));
        Assert.Contains("resumed=False", await server.RunClientAsync($"{version} -ign_eof -sess_in {session}"));
    }

    [Fact]
    public void Keys_are_kept_for_two_exchanges_however_late_somebody_asks()
    {
        var time = new ManualTimeProvider();
        var keys = new TicketKeys(null, time);
        var first = keys.Current;
        time.Jump(TimeSpan.FromHours(12));
        var second = keys.Current;
        Assert.False(first.Name.SequenceEqual(second.Name));
        Assert.Same(first, keys.Find(first.Name, out var isCurrent));
        Assert.False(isCurrent);
        Assert.Same(second, keys.Find(second.Name, out isCurrent));
        Assert.True(isCurrent);
        time.Jump(TimeSpan.FromHours(24));
        Assert.Null(keys.Find(first.Name, out _));
        Assert.Same(second, keys.Find(second.Name, out _));
        time.Jump(TimeSpan.FromHours(36));
        Assert.Null(keys.Find(second.Name, out _));
    }

    [Fact]
    public void Keys_that_are_given_stay_and_the_first_one_encrypts()
    {
        var time = new ManualTimeProvider();
        ReadOnlyMemory<byte> other = RandomNumberGenerator.GetBytes(TicketKey.Length);
        var keys = new TicketKeys([Key, other], time);
        time.Jump(TimeSpan.FromDays(30));
        Assert.True(keys.Current.Name.SequenceEqual(Key.Span[..16]));
        Assert.True(keys.Current.Mac.SequenceEqual(Key.Span[16..48]));
        Assert.True(keys.Current.Cipher.SequenceEqual(Key.Span[48..]));
        Assert.NotNull(keys.Find(other.Span[..16], out var isCurrent));
        Assert.False(isCurrent);
        foreach (var wrong in new IReadOnlyList<ReadOnlyMemory<byte>>[] { [], [Key, default], [Key[..79]] })
        {
            Assert.Contains("TlsOptions.TicketKeys", Assert.Throws<ArgumentException>(() => new TicketKeys(wrong, time)).Message);
        }
    }

    private sealed class Folder : IDisposable
    {
        private readonly string _path = Directory.CreateTempSubdirectory("pipeserver-tls-").FullName;

        public string Path(string name) => System.IO.Path.Combine(_path, name);

        public string Write(string name, X509Certificate2 certificate)
        {
            File.WriteAllText(Path($"{name}.pem"), certificate.ExportCertificatePem());
            using var key = certificate.GetECDsaPrivateKey()!;
            File.WriteAllText(Path($"{name}.key"), key.ExportPkcs8PrivateKeyPem());
            return $"-cert {Path($"{name}.pem")} -key {Path($"{name}.key")}";
        }

        public void Dispose() => Directory.Delete(_path, recursive: true);
    }
}
