using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace PipeServer.AspNetCore;

/// <summary>A connection that the application has taken over, as a stream. Reads and writes may go on beside each other.</summary>
internal class DuplexPipeStream(IDuplexPipe pipe, IHttpBodyControlFeature control) : BodyStream(control)
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        ReadFromAsync(pipe.Input, buffer, cancellationToken);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        await pipe.Output.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);

    public override void Flush()
    {
        // A write flushes.
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
