using PipeServer.Cli.Tls;

namespace PipeServer.Tests.Cli.Tls;

/// <summary>What is said of certificates that expire: once at each threshold, whatever the clock does in between.</summary>
public sealed class ExpiryLogTests : IDisposable
{
    private readonly CertificateFolder _folder = new();
    private readonly TestLog _log = new();

    public void Dispose()
    {
        _folder.Dispose();
        _log.Dispose();
    }

    [Fact]
    public void Each_threshold_is_told_once()
    {
        var time = new ManualTimeProvider();
        var (one, key) = _folder.Write("one", ["one.example", "*.one.example"]);
        TlsCertificate[] certificates = [TlsCertificate.FromPemFiles(one, key)];
        var expiry = new ExpiryLog(time, _log.CreateLogger("cli"));
        (double DaysLeft, string? Expected)[] looks =
        [
            (40, null), (29.9, "The certificate for one.example, *.one.example expires in 29.9 days"), (20, null), (8, null), (6.5, "expires in 6.5 days"), (2, null),
            (0.9, "expires in 0.9 days"), (0.1, null), (-0.5, "has expired"), (-30, null),
        ];
        var told = 0;
        foreach (var (daysLeft, expected) in looks)
        {
            time.Advance(certificates[0].NotAfter - TimeSpan.FromDays(daysLeft) - time.GetUtcNow());
            expiry.Look(certificates);
            expiry.Look(certificates);
            told += expected is null ? 0 : 1;
            Assert.Equal(told, _log.Messages.Count);
            Assert.Contains(expected ?? "", told == 0 ? "" : _log.Messages[^1]);
        }

        // A clock that goes wrong, or a certificate that was made on a machine whose clock does: nothing was said of it.
        time.Advance(new DateTimeOffset(certificates[0].Certificate.NotBefore.ToUniversalTime()) - TimeSpan.FromHours(1) - time.GetUtcNow());
        expiry.Look(certificates);
        expiry.Look(certificates);
        Assert.Contains("one.example, *.one.example is not valid before", _log.Messages[^1]);
        Assert.Equal(++told, _log.Messages.Count);
        time.Advance(certificates[0].NotAfter + TimeSpan.FromDays(30) - time.GetUtcNow());

        // Another one in its place.
        var (two, twoKey) = _folder.Write("two", ["two.example"], days: 5);
        expiry.Look([]);
        expiry.Look([TlsCertificate.FromPemFiles(two, twoKey)]);
        Assert.Equal(told + 1, _log.Messages.Count);
        Assert.Contains("two.example has expired", _log.Messages[^1]);
    }
}
