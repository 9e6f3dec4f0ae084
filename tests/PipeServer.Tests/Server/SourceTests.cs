using System.Text;

namespace PipeServer.Tests.Server;

/// <summary>
/// Prepared responses whose body is fetched for each. That their bytes are those of any other response, <see cref="WholeAnswerTests"/> show;
/// these here are about what is refused, and what goes wrong.
/// </summary>
public abstract class SourceTests(string transport)
{
    [Fact]
    public async Task Many_of_them_in_a_row_arrive_whole_however_slow_the_client()
    {
        var bodies = new[] { 1, 100, 4000, 30_000, PreparedResponse.MaxSourceBytes }
            .Select(static length => string.Concat(Enumerable.Range(0, length).Select(static number => (char)('a' + (number % 23))))).ToList();
        var prepared = bodies.ConvertAll(static body => PreparedResponse.WithSource(200, [], new TestSource(Encoding.ASCII.GetBytes(body))));
        await using var server = await TestServer.StartAsync(transport, server =>
        {
            server.MapGet("/{number}", (request, response) => Assert.True(response.TrySend(prepared[int.Parse(request.RouteValues["number"])])), Dispatch.Inline);
        });
        await using var client = await server.ConnectAsync();
        const int Requests = 100;
        await client.SendAsync(string.Concat(Enumerable.Range(0, Requests).Select(number => TestClient.Get($"/{number % bodies.Count}"))));
        for (var number = 0; number < Requests; number++)
        {
            Assert.Equal(bodies[number % bodies.Count], (await client.ReadResponseAsync()).Text);
        }
    }

    [Fact]
    public async Task What_is_not_to_be_had_is_answered_otherwise()
    {
        var never = PreparedResponse.WithSource(203, [new("X-A", "1")], new TestSource(new byte[20_000]) { Failures = int.MaxValue });
        await using var server = await TestServer.StartAsync(transport, server => server.MapFallback(
            (_, response) => response.TrySend(never),
            (_, response) =>
            {
                response.WriteText(response.TrySend(never) ? "sent" : "not to be had");
                return ValueTask.CompletedTask;
            }));
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/") + TestClient.Get("/", "Connection: close"));
        for (var number = 0; number < 2; number++)
        {
            var response = await client.ReadResponseAsync();
            Assert.Equal((200, "not to be had", null), (response.Status, response.Text, response["X-A"]));
        }

        Assert.Empty(await client.ReadToEndAsync());
    }

    [Fact]
    public async Task A_source_that_throws_is_a_fault_of_the_request_alone()
    {
        var broken = PreparedResponse.WithSource(200, [], new BrokenSource());
        await using var server = await TestServer.StartAsync(transport, server =>
        {
            server.MapGet("/broken", (_, response) => response.TrySend(broken), Dispatch.Inline);
            server.MapGet("/sent", (_, response) => response.Send(broken), Dispatch.Inline);
            server.MapGet("/late", (_, response) =>
            {
                response.WriteText("begun");
                response.TrySend(broken);
            });
            server.MapGet("/well", (_, response) => response.WriteText("well"), Dispatch.Inline);
        });
        await using var client = await server.ConnectAsync();
        foreach (var target in new[] { "/broken", "/sent", "/late" })
        {
            Assert.Equal(500, (await client.RequestAsync(TestClient.Get(target))).Status);
        }

        Assert.Equal("well", (await client.RequestAsync(TestClient.Get("/well"))).Text);
    }

    private sealed class BrokenSource : IBodySource
    {
        public int Length => 1000;

        public bool TryRead(Span<byte> destination) => throw new IOException("Broken.");
    }
}
