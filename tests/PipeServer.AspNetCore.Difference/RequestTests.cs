using Difference.Requests;
using Difference.Runner;

namespace Difference;

/// <summary>Every request of the table is answered alike, but for what <see cref="KnownDifferences"/> explains.</summary>
public sealed class RequestTests(TwoServers servers)
{
    public static TheoryData<string> OverHttp1 => [.. RequestTable.All.Keys];

    public static TheoryData<string> OverHttp2 => [.. RequestTable.All.Values.Where(static request => request.OverHttp2)
        .Select(static request => request.Name)];

    [Theory]
    [MemberData(nameof(OverHttp1))]
    public async Task Over_http1(string name)
    {
        var request = RequestTable.All[name];
        var cancellation = TestContext.Current.CancellationToken;
        var (kestrel, pipeServer) = await servers.OfBothAsync(server => RawClient.ExchangeAsync(server.Plain, request, cancellation));
        Verdict.Check(request, 1, kestrel, pipeServer);
    }

    [Theory]
    [MemberData(nameof(OverHttp2))]
    public async Task Over_http2(string name)
    {
        var request = RequestTable.All[name];
        var cancellation = TestContext.Current.CancellationToken;
        var (kestrel, pipeServer) = await servers.OfBothAsync(server => Http2Client.ExchangeAsync(server.Secure, request, cancellation));
        Verdict.Check(request, 2, kestrel, pipeServer);
    }

    [Fact]
    public void The_table_is_long_enough() => Assert.InRange(RequestTable.All.Count, 300, 2000);

    [Fact]
    public void Every_known_difference_is_of_requests_of_the_table_and_has_a_reason() => Assert.All(KnownDifferences.All, static known =>
    {
        Assert.All(known.Requests, static name => Assert.Contains(name, RequestTable.All.Keys));
        Assert.NotEmpty(known.What);
        Assert.NotEmpty(known.Reason);
    });

    [Fact]
    public void Every_known_shape_has_a_witness_and_a_reason() => Assert.All(KnownShapes.All, static shape =>
    {
        Assert.Contains(shape.Witness, RequestTable.All.Keys);
        Assert.NotEmpty(shape.Reason);
    });
}
