namespace PipeServer.Tests.Server;

public sealed class TimeoutOverMemoryTests() : TimeoutTests("memory")
{
    // A reader that was slow but alive was cut off when one flush took longer than the time-out.
    [Fact]
    public async Task A_client_that_reads_slowly_is_not_aborted_until_it_stops()
    {
        await using var server = await StartAsync();
        await using var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Get("/endless"));
        for (var i = 0; i < 40; i++)
        {
            // Above the least rate, and within the time in which nobody's rate is looked at: a flush may begin at any moment.
            await client.ReadSomeAsync(2000);
            for (var second = 0; second < 4; second++)
            {
                Time.Advance(TimeSpan.FromSeconds(1));
            }
        }

        Assert.Equal(0, server.Server.Connections.Aborted);
        await AdvanceUntilAsync(Eventually.TrueAsync(() => server.Server.Connections.Aborted == 1, "it is aborted"));
    }
}
