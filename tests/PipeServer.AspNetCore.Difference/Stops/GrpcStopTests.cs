using DrainApplication.Protos;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;

namespace Difference.Stops;

/// <summary>
/// gRPC's own client through stops: unary calls and streams, with its retry policy for UNAVAILABLE. The first GOAWAY takes all streams that are under way, so
/// that none has to be sent again but those that met no server; a handler that saw one twice, or without its answer, would show (RFC 9113 §6.8).
/// </summary>
public sealed class GrpcStopTests
{
    private const int Messages = 10;

    [Fact]
    public async Task Each_call_is_answered_and_done_once()
    {
        var record = new WorkRecord();
        await using var application = new StoppableApplication("--http2 true", record);
        await application.StartAsync();
        using var channel = GrpcChannel.ForAddress(application.Url, new GrpcChannelOptions
        {
            ServiceConfig = new ServiceConfig { MethodConfigs = { Retry() } },
        });
        var client = new Work.WorkClient(channel);
        await using var clients = new WorkingClients();
        clients.Add(12, () => TryUntilDoneAsync(record, id => DoAsync(client, id), clients.Over));
        clients.Add(6, () => TryUntilDoneAsync(record, id => CountAsync(client, id), clients.Over));
        await clients.StopAgainAndAgainAsync(application);
        StopVerdict.Check("gRPC", record, mayLose: false, mayHang: false, application);
    }

    private static MethodConfig Retry() => new()
    {
        Names = { MethodName.Default },
        RetryPolicy = new RetryPolicy
        {
            MaxAttempts = 5,
            InitialBackoff = TimeSpan.FromMilliseconds(50),
            MaxBackoff = TimeSpan.FromMilliseconds(500),
            BackoffMultiplier = 2,
            RetryableStatusCodes = { StatusCode.Unavailable },
        },
    };

    // The policy's tries may not last until the application is there again: those behind them are this client's.
    private static async Task<bool> TryUntilDoneAsync(WorkRecord record, Func<long, Task> call, CancellationToken over)
    {
        var id = record.Begin();
        while (true)
        {
            try
            {
                await call(id);
                record.Answer(id);
                return true;
            }
            catch (RpcException exception)
            {
                record.Fail(exception.StatusCode.ToString());
                if (exception.StatusCode != StatusCode.Unavailable || over.IsCancellationRequested)
                {
                    return false;
                }

                await Task.Delay(20, CancellationToken.None);
            }
        }
    }

    private static async Task DoAsync(Work.WorkClient client, long id)
    {
        var done = await client.DoAsync(new Piece { Id = id, Milliseconds = 20 });
        Assert.Equal(id, done.Id);
    }

    private static async Task CountAsync(Work.WorkClient client, long id)
    {
        using var call = client.Count(new Piece { Id = id, Milliseconds = 10, Count = Messages });
        var count = 0;
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            Assert.Equal(count, call.ResponseStream.Current.Id);
            count++;
        }

        Assert.Equal(Messages, count);
    }
}
