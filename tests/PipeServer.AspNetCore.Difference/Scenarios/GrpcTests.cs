using System.Net;
using Difference.Protos;
using Difference.Runner;
using Grpc.Core;
using Grpc.Net.Client;

namespace Difference.Scenarios;

/// <summary>gRPC's own client over TLS: the four kinds of calls, and how they fail.</summary>
public sealed class GrpcTests(TwoServers servers)
{
    [Fact]
    public async Task Unary_and_streaming_calls()
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(static server => CallAsync(server.Secure, CallsAsync));
        Assert.StartsWith("5 x-kind=unary|", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    [Fact]
    public async Task Failures_deadlines_and_cancellations()
    {
        var (kestrel, pipeServer) = await servers.OfBothAsync(static server => CallAsync(server.Secure, FailuresAsync));
        Assert.StartsWith("NotFound as asked", kestrel);
        Assert.Equal(kestrel, pipeServer);
    }

    private static async Task<string> CallAsync(IPEndPoint server, Func<Sums.SumsClient, CancellationToken, Task<List<string>>> calls)
    {
        using var deadline = new CancellationTokenSource(RawClient.Patience);
        using var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, certificate, _, _) =>
            certificate?.GetCertHashString() == TestCertificate.Localhost.GetCertHashString();
        using var channel = GrpcChannel.ForAddress($"https://{server}", new GrpcChannelOptions { HttpHandler = handler });
        return string.Join('|', await calls(new Sums.SumsClient(channel), deadline.Token));
    }

    private static async Task<List<string>> CallsAsync(Sums.SumsClient client, CancellationToken cancellation)
    {
        var transcript = new List<string>();
        using var unary = client.AddAsync(new Pair { Left = 2, Right = 3 }, cancellationToken: cancellation);
        transcript.Add($"{(await unary).Value} {string.Join(',', unary.GetTrailers().Select(static entry => $"{entry.Key}={entry.Value}"))}");
        using var count = client.Count(new Limit { Value = 500 }, cancellationToken: cancellation);
        transcript.Add($"{(await ReadAsync(count.ResponseStream, cancellation)).Sum()}");
        using var all = client.AddAll(cancellationToken: cancellation);
        for (var number = 0; number < 500; number++)
        {
            await all.RequestStream.WriteAsync(new Limit { Value = number }, cancellation);
        }

        await all.RequestStream.CompleteAsync();
        transcript.Add($"{(await all).Value}");
        using var running = client.Running(cancellationToken: cancellation);
        for (var number = 1; number <= 20; number++)
        {
            // Each answer is awaited before the next question: both directions are open at once.
            await running.RequestStream.WriteAsync(new Limit { Value = number }, cancellation);
            Assert.True(await running.ResponseStream.MoveNext(cancellation));
        }

        transcript.Add($"{running.ResponseStream.Current.Value}");
        await running.RequestStream.CompleteAsync();
        transcript.Add($"{await running.ResponseStream.MoveNext(cancellation)} {running.GetStatus().StatusCode}");
        return transcript;
    }

    private static async Task<List<string>> FailuresAsync(Sums.SumsClient client, CancellationToken cancellation)
    {
        var transcript = new List<string>();
        var failed = await Assert.ThrowsAsync<RpcException>(async () => await client.FailAsync(new Limit { Value = 5 }, cancellationToken: cancellation));
        transcript.Add($"{failed.StatusCode} {failed.Status.Detail} {failed.Trailers.GetValue("x-more")}");
        using var refused = client.Refuse(new Limit(), cancellationToken: cancellation);
        transcript.Add($"{await refused.ResponseStream.MoveNext(cancellation)}");
        var later = await Assert.ThrowsAsync<RpcException>(() => refused.ResponseStream.MoveNext(cancellation));
        transcript.Add($"{later.StatusCode} {later.Status.Detail}");
        var past = TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(300);
        using var slow = client.AddAll(deadline: past, cancellationToken: cancellation);
        transcript.Add($"{(await Assert.ThrowsAsync<RpcException>(async () => await slow)).StatusCode}");
        using var stopped = client.Running(cancellationToken: cancellation);
        await stopped.RequestStream.WriteAsync(new Limit { Value = 1 }, cancellation);
        Assert.True(await stopped.ResponseStream.MoveNext(cancellation));
        stopped.Dispose();
        transcript.Add($"{(await client.AddAsync(new Pair { Left = 1 }, cancellationToken: cancellation)).Value}");
        return transcript;
    }

    private static async Task<List<long>> ReadAsync(IAsyncStreamReader<Total> stream, CancellationToken cancellation)
    {
        var values = new List<long>();
        await foreach (var total in stream.ReadAllAsync(cancellation))
        {
            values.Add(total.Value);
        }

        return values;
    }
}
