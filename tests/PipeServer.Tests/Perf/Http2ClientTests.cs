using PipeServer.Perf;
using PipeServer.Tests.Server.Http2;

namespace PipeServer.Tests.Perf;

/// <summary>The client by which the harnesses count and fill connections of HTTP/2.</summary>
public sealed class Http2ClientTests
{
    [Theory]
    [InlineData("/plaintext", 1)]
    [InlineData("/plaintext", 32)]
    [InlineData("/worker/plaintext", 32)]
    [InlineData("/small.txt", 32)]
    [InlineData("/large.bin", 1)]
    public async Task It_asks_in_batches_and_reads_all_answers(string path, int streams)
    {
        await using var host = await ClientHost.StartAsync("h2c");
        using var client = Http2Client.Connect(host.EndPoint.Port, path, streams, new byte[Http2Client.FrameBytes]);
        var batches = 0;
        client.Run(20 * streams, () => batches++);
        Assert.Equal(20, batches);
    }

    [Fact]
    public async Task Another_answer_than_200_is_no_figure()
    {
        await using var host = await ClientHost.StartAsync("h2c");
        var exception = Assert.Throws<MeasurementException>(() => Http2Client.Connect(host.EndPoint.Port, "/nothing-here", 1, new byte[Http2Client.FrameBytes]));
        Assert.Contains("an answer without 200", exception.Message, StringComparison.Ordinal);
    }
}
