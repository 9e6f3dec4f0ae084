using PipeServer.Fuzz.Http2;

namespace PipeServer.Tests.Server.Http2;

/// <summary>The table itself, and the naive HPACK that it stands on.</summary>
public sealed class Http2TableProtocolTests
{
    // As far as it matters for the answer to "how many": no case is there twice.
    [Fact]
    public void Every_case_has_a_name_of_its_own()
    {
        var names = Http2Cases.All.Select(static item => $"{item.Section}: {item.Id}").ToList();
        Assert.Empty(names.GroupBy(static name => name).Where(static group => group.Count() > 1).Select(static group => group.Key));
        Assert.True(names.Count > 600, $"{names.Count}");
    }

    // RFC 7541, Appendix C.4.1 to C.4.3: one table over three requests.
    [Fact]
    public void The_naive_decoder_reads_the_examples_of_the_standard()
    {
        var decoder = new NaiveHpackDecoder();
        Field[] first = [new(":method", "GET"), new(":scheme", "http"), new(":path", "/"), new(":authority", "www.example.com")];
        Assert.Equal(first, decoder.Decode(Convert.FromHexString("828684418cf1e3c2e5f23a6ba0ab90f4ff")));
        Assert.Equal([.. first, new("cache-control", "no-cache")], decoder.Decode(Convert.FromHexString("828684be5886a8eb10649cbf")));
        Assert.Equal(
            [first[0], new(":scheme", "https"), new(":path", "/index.html"), first[3], new("custom-key", "custom-value")],
            decoder.Decode(Convert.FromHexString("828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf")));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void What_the_naive_encoder_writes_the_naive_decoder_reads(bool usesHuffman, bool usesTables)
    {
        var random = new Random(7);
        var encoder = new NaiveHpackEncoder { UsesHuffman = usesHuffman, UsesTables = usesTables };
        var decoder = new NaiveHpackDecoder();
        for (var round = 0; round < 200; round++)
        {
            Field[] fields = [.. Enumerable.Range(0, random.Next(8)).Select(_ => new Field($"x-{random.Next(20)}", new string((char)random.Next(256), random.Next(200))))];
            Assert.Equal(fields, decoder.Decode(encoder.Encode(fields)));
        }
    }
}
