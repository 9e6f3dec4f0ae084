using Microsoft.AspNetCore.Http.Connections;
using Microsoft.AspNetCore.SignalR.Client;

namespace Difference.Stops;

/// <summary>
/// SignalR's own client through stops, with its automatic reconnect. SignalR closes its connections itself when the application begins to stop, whatever its
/// hubs are at, so that an invocation that is under way then is answered or fails with its connection, at once; the client comes back and goes on.
/// </summary>
public sealed class SignalRStopTests
{
    [Theory]
    [InlineData(HttpTransportType.WebSockets, "")]
    [InlineData(HttpTransportType.LongPolling, "")]
    [InlineData(HttpTransportType.LongPolling, "--refuse-late-hubs true")]
    public async Task Each_invocation_ends_and_each_client_comes_back(HttpTransportType transport, string options)
    {
        var record = new WorkRecord();
        await using var application = new StoppableApplication(options, record);
        await application.StartAsync();
        var connections = new List<HubConnection>();
        try
        {
            await using var clients = new WorkingClients();
            for (var number = 0; number < 8; number++)
            {
                var connection = new HubConnectionBuilder().WithUrl($"{application.Url}/hub", transport).WithAutomaticReconnect(new SteadyRetry()).Build();
                connections.Add(connection);
                await connection.StartAsync();
                clients.Add(2, () => InvokeAsync(connection, record, clients.Over));
            }

            await clients.StopAgainAndAgainAsync(application);
        }
        finally
        {
            await Task.WhenAll(connections.Select(static connection => connection.DisposeAsync().AsTask()));
        }

        // A poll that begins behind SignalR's look at its connections is ended by nobody, and nothing tells the server what it is. A WebSocket has its 1001.
        StopVerdict.Check($"SignalR by {transport} {options}".TrimEnd(), record, mayLose: true, mayHang: transport == HttpTransportType.LongPolling, application);
    }

    private static async Task<bool> InvokeAsync(HubConnection connection, WorkRecord record, CancellationToken over)
    {
        if (connection.State != HubConnectionState.Connected)
        {
            await Task.Delay(10, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }

        var id = record.Begin();
        try
        {
            // One that hangs is a fault: its connection has ended, or its answer is due.
            Assert.Equal(id, await connection.InvokeAsync<long>("Do", id, 20, CancellationToken.None).WaitAsync(StopSettings.Patience, CancellationToken.None));
            record.Answer(id);
            return true;
        }
        catch (Exception exception) when (exception is not (TimeoutException or Xunit.Sdk.IAssertionException))
        {
            record.Fail(exception.GetType().Name);
            return false;
        }
    }
}
