using Difference.Application;
using Difference.Runner;

namespace Difference.Scenarios;

/// <summary>A hundred megabytes, up and down, over both versions.</summary>
public sealed class LargeBodyTests(TwoServers servers)
{
    private const int PartLength = 100_000;
    private const int Parts = 1000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Up(int version)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(async server =>
        {
            using var client = Clients.Create(server, version);
            using var content = new StreamContent(new RepeatingStream(SiteFolder.Pattern(PartLength), Parts));
            using var response = await client.PostAsync(new Uri("/body/large", UriKind.Relative), content, TestContext.Current.CancellationToken);
            return $"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}";
        });
        Assert.StartsWith($"200 {PartLength * Parts} bytes", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Down(int version)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(async server =>
        {
            using var client = Clients.Create(server, version);
            await using var stream = await client.GetStreamAsync(new Uri($"/write/large/{Parts}", UriKind.Relative), TestContext.Current.CancellationToken);
            var checksum = default(Checksum);
            var buffer = new byte[64 * 1024];
            var length = 0L;
            while (await stream.ReadAsync(buffer, TestContext.Current.CancellationToken) is > 0 and var read)
            {
                checksum.Add(buffer.AsSpan(0, read));
                length += read;
            }

            return $"{length} {checksum}";
        });
        Assert.StartsWith($"{PartLength * Parts} ", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }
}
