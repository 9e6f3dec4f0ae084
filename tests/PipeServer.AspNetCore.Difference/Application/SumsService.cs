using Difference.Protos;
using Grpc.Core;

namespace Difference.Application;

/// <summary>A gRPC service with all four kinds of calls, and faults.</summary>
internal sealed class SumsService : Sums.SumsBase
{
    public override Task<Total> Add(Pair request, ServerCallContext context)
    {
        context.ResponseTrailers.Add("x-kind", "unary");
        return Task.FromResult(new Total { Value = (long)request.Left + request.Right });
    }

    public override async Task Count(Limit request, IServerStreamWriter<Total> responseStream, ServerCallContext context)
    {
        for (var number = 0; number < request.Value; number++)
        {
            await responseStream.WriteAsync(new Total { Value = number }, context.CancellationToken);
        }
    }

    public override async Task<Total> AddAll(IAsyncStreamReader<Limit> requestStream, ServerCallContext context)
    {
        var total = new Total();
        await foreach (var number in requestStream.ReadAllAsync(context.CancellationToken))
        {
            total.Value += number.Value;
        }

        return total;
    }

    public override async Task Running(IAsyncStreamReader<Limit> requestStream, IServerStreamWriter<Total> responseStream, ServerCallContext context)
    {
        var sum = 0L;
        await foreach (var number in requestStream.ReadAllAsync(context.CancellationToken))
        {
            sum += number.Value;
            await responseStream.WriteAsync(new Total { Value = sum }, context.CancellationToken);
        }
    }

    public override Task<Total> Fail(Limit request, ServerCallContext context) =>
        throw new RpcException(new Status((StatusCode)request.Value, "as asked"), new Metadata { { "x-more", "more" } });

    public override async Task Refuse(Limit request, IServerStreamWriter<Total> responseStream, ServerCallContext context)
    {
        await responseStream.WriteAsync(new Total { Value = 1 }, context.CancellationToken);
        throw new RpcException(new Status(StatusCode.ResourceExhausted, "behind the first"));
    }
}
