using System.Net;
using Microsoft.AspNetCore.Connections.Features;

namespace PipeServer.AspNetCore.Tests;

/// <summary>What an application keeps for a connection is one for all of its requests, those that ask for it at the same time too.</summary>
public sealed class ConnectionStateTests
{
    private const int Requests = 16;

    // The bug: two requests that asked for the first time at once could get one each, and what one of them kept was lost.
    [Fact]
    public async Task Requests_that_ask_at_once_get_the_same()
    {
        for (var round = 0; round < 10; round++)
        {
            using var together = new Barrier(Requests);
            await using var host = await ApplicationHost.StartAsync(
                context =>
                {
                    if (context.Request.Path == "/count")
                    {
                        return context.Response.WriteAsync($"{State(context).Count} {Items(context).Count}");
                    }

                    Assert.True(together.SignalAndWait(ApplicationHost.Patience));
                    State(context)[context.TraceIdentifier] = Items(context)[context.TraceIdentifier] = true;
                    return Task.CompletedTask;
                },
                static options =>
                {
                    options.Server.Workers = Requests;
                    options.Server.Endpoints.Add(new HttpEndpoint(IPAddress.Loopback, 0) { Protocols = HttpProtocols.Http1 | HttpProtocols.Http2 });
                });
            using var client = new HttpClient(new SocketsHttpHandler())
            {
                BaseAddress = host.Client.BaseAddress,
                DefaultRequestVersion = HttpVersion.Version20,
                DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Timeout = ApplicationHost.Patience,
            };
            await Task.WhenAll(Enumerable.Range(0, Requests).Select(_ => client.GetStringAsync(new Uri("/keep", UriKind.Relative))));
            Assert.Equal($"{Requests} {Requests}", await client.GetStringAsync(new Uri("/count", UriKind.Relative)));
        }
    }

    private static IDictionary<object, object?> State(HttpContext context) => context.Features.Get<IPersistentStateFeature>()!.State;

    private static IDictionary<object, object?> Items(HttpContext context) => context.Features.Get<IConnectionItemsFeature>()!.Items;
}
