using Difference.Requests;
using Difference.Runner;

namespace Difference.Scenarios;

/// <summary>YARP on each server, in front of the application on the same server.</summary>
public sealed class ProxyTests(ProxyPair proxies) : IClassFixture<ProxyPair>
{
    public static TheoryData<string> Names =>
    [
        .. RequestTable.All.Values.Where(static request => request.OverHttp2 && IsForProxies(request.Name)).Select(static request => request.Name),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_request_passes_alike(string name)
    {
        var request = RequestTable.All[name];
        var kestrel = RawClient.ExchangeAsync(proxies.Kestrel, request, TestContext.Current.CancellationToken);
        var pipeServer = RawClient.ExchangeAsync(proxies.PipeServer, request, TestContext.Current.CancellationToken);
        Verdict.CheckBehindProxy(request, await kestrel, await pipeServer);
    }

    private static bool IsForProxies(string name) =>
        name.StartsWith("write ") || name.StartsWith("body echo") || name.StartsWith("mvc /")
        || name is "error /error/before" or "error /error/status/404" || name.StartsWith("static range");
}
