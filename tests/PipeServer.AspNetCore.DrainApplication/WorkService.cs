using DrainApplication.Protos;
using Grpc.Core;

namespace DrainApplication;

/// <summary>Work by gRPC.</summary>
internal sealed class WorkService(WorkLedger ledger) : Work.WorkBase
{
    public override async Task<Done> Do(Piece request, ServerCallContext context) =>
        new() { Id = await ledger.DoAsync(request.Id, request.Milliseconds) };

    // A stream that comes to its own end; who counts it sees whether it was cut.
    public override async Task Count(Piece request, IServerStreamWriter<Done> responseStream, ServerCallContext context)
    {
        ledger.Begin(request.Id);
        for (var number = 0; number < request.Count; number++)
        {
            await responseStream.WriteAsync(new Done { Id = number });
            await Task.Delay(request.Milliseconds);
        }

        ledger.End(request.Id);
    }
}
