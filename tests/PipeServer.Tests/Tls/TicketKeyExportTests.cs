using PipeServer.Tls.OpenSsl;

namespace PipeServer.Tests.Tls;

/// <summary>The keys of session tickets on their way from one process to the one that takes its place.</summary>
public sealed class TicketKeyExportTests
{
    [Fact]
    public void Keys_go_along_with_their_age()
    {
        var time = new ManualTimeProvider();
        var keys = new TicketKeys(null, time);
        var first = keys.Current;
        time.Jump(TimeSpan.FromHours(12));
        var second = keys.Current;
        time.Jump(TimeSpan.FromHours(11));
        var other = TicketKeys.Import(keys.Export(), time);
        Assert.True(other.Current.Name.SequenceEqual(second.Name));
        Assert.True(other.Current.Cipher.SequenceEqual(second.Cipher));
        Assert.True(other.Current.Mac.SequenceEqual(second.Mac));
        Assert.NotNull(other.Find(first.Name, out var isCurrent));
        Assert.False(isCurrent);
        time.Jump(TimeSpan.FromHours(1));
        Assert.False(other.Current.Name.SequenceEqual(second.Name)); // exchanged when it would have been without the hand-over
        Assert.NotNull(other.Find(second.Name, out _));
    }

    [Fact]
    public void What_is_no_export_of_this_form_is_ignored()
    {
        var time = new ManualTimeProvider();
        var right = new TicketKeys(null, time).Export();
        foreach (var wrong in (byte[][])[[], [1], [.. right, 1], right[..^1], [2, .. right[1..]], [.. right, .. right, .. right, .. right]])
        {
            Assert.False(TicketKeys.Import(wrong, time).Current.Name.SequenceEqual(TicketKeys.Import(right, time).Current.Name));
        }
    }

    [Fact]
    public async Task A_server_goes_on_with_the_sessions_of_another()
    {
        Assert.SkipUnless(OpenSslEngine.IsSupported, "OpenSSL is wanted.");
        var keys = RandomKeys();
        await using var first = await StartAsync(keys);
        Assert.Equal(keys, first.ExportTicketKeys()[^80..]);
        Assert.Throws<InvalidOperationException>(() => first.ImportTicketKeys(keys));
        await using var plain = new HttpServer(new HttpServerOptions { Port = 0 });
        await plain.StartAsync();
        Assert.Empty(plain.ExportTicketKeys());
    }

    private static byte[] RandomKeys()
    {
        var keys = new byte[80];
        Random.Shared.NextBytes(keys);
        return keys;
    }

    private static async Task<HttpServer> StartAsync(byte[] keys)
    {
        var server = new HttpServer(new HttpServerOptions { Endpoints = [HttpEndpoint.Parse("127.0.0.1:0,tls"), HttpEndpoint.Parse("127.0.0.1:0,tls")], Tls = OpenSslServer.Options(TestCertificates.Source(("localhost", TestCertificates.Localhost))) });
        server.ImportTicketKeys((byte[])[1, 0, 0, 0, 0, 0, 0, 0, 0, .. keys]);
        await server.StartAsync();
        return server;
    }
}
