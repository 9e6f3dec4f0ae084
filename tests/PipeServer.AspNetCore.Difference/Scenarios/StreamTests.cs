using System.Net;
using System.Text;
using Difference.Runner;

namespace Difference.Scenarios;

/// <summary>What an application does with the stream of a request: resets it with a code, takes it over, ends its answer before it ends itself.</summary>
public sealed class StreamTests(TwoServers servers)
{
    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    [InlineData(13)]
    [InlineData(0x1234)]
    public async Task A_reset_has_the_code_of_the_application(int code)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(async server =>
        {
            var name = $"reset-{code}";
            using var client = Clients.Create(server, 2);
            using var response = await client.GetAsync(
                new Uri($"/reset/{code}/{name}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            server.Log.Say($"{name}-begun", "read"); // HttpClient forgets a head that it has not handed over when the reset arrives
            var seen = await Record.ExceptionAsync(() => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            var told = seen as HttpProtocolException ?? seen?.InnerException as HttpProtocolException;
            return $"{told?.ErrorCode} {await server.Log.HearAsync(name)}";
        });
        Assert.Equal($"{code} True", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    [Fact]
    public async Task A_stream_of_http2_is_taken_over_as_bytes()
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(static async server =>
        {
            using var client = Clients.Create(server, 2);
            using var request = new HttpRequestMessage(HttpMethod.Connect, "/connect")
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Headers = { Protocol = "websocket" },
            };
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            var seen = new StringBuilder($"{(int)response.StatusCode} {response.Headers.GetValues("X-Protocol").Single()} ");
            foreach (var word in (string[])["abc", "defg"])
            {
                await stream.WriteAsync(Encoding.ASCII.GetBytes(word), TestContext.Current.CancellationToken);
                await stream.FlushAsync(TestContext.Current.CancellationToken);
                var buffer = new byte[word.Length];
                await stream.ReadExactlyAsync(buffer, TestContext.Current.CancellationToken);
                seen.Append(Encoding.ASCII.GetString(buffer));
            }

            return seen.ToString();
        });
        Assert.Equal("200 True websocket CONNECT ABCDEFG", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    [Theory]
    [InlineData(1, "at-once")]
    [InlineData(1, "flushed")]
    [InlineData(2, "at-once")]
    [InlineData(2, "flushed")]
    [InlineData(2, "trailers")]
    [InlineData(2, "flushed-trailers")]
    public async Task An_answer_that_is_completed_is_whole_before_the_application_ends(int version, string way)
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(async server =>
        {
            var name = $"completed-{version}-{way}";
            using var client = Clients.Create(server, version);
            using var response = await client.GetAsync(new Uri($"/completed/{way}/{name}", UriKind.Relative), TestContext.Current.CancellationToken);
            var trailers = string.Join(',', response.TrailingHeaders.Select(static trailer => $"{trailer.Key}={trailer.Value.Single()}"));
            var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            server.Log.Say($"{name}-read", "whole");
            return $"{body} {trailers} {await server.Log.HearAsync($"{name}-ended")}";
        });
        var whole = (way.Contains("flushed") ? "first,last " : "last ") + (way.Contains("trailers") ? "x-trailer=behind" : "") + " whole";
        Assert.Equal(whole, kestrel);
        Assert.Equal(kestrel, pipeServer);
    }
}
