using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;

namespace PipeServer.AspNetCore;

/// <summary>The response's body as a stream. A write flushes, as behind Kestrel.</summary>
internal sealed class ResponseBodyStream(IHttpBodyControlFeature control, ResponseBodyWriter writer) : BodyStream(control)
{
    public override bool CanRead => false;

    public override bool CanWrite => true;

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var write = writer.WriteAsync(buffer, cancellationToken);
        if (write.IsCompletedSuccessfully)
        {
            write.GetAwaiter().GetResult();
            return default;
        }

        return AwaitAsync(write);
    }

    public override void Flush()
    {
        ThrowIfAsynchronousOnly("Flush");
        writer.LeaveDeferral();
#pragma warning disable VSTHRD002 // The application has chosen to hold up its thread.
        FlushAsync(CancellationToken.None).GetAwaiter().GetResult();
#pragma warning restore VSTHRD002
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        var flush = writer.FlushAsync(cancellationToken);
        if (flush.IsCompletedSuccessfully)
        {
            flush.GetAwaiter().GetResult();
            return Task.CompletedTask;
        }

        return AwaitAsync(flush).AsTask();
    }

    private static async ValueTask AwaitAsync(ValueTask<FlushResult> flush) => await flush.ConfigureAwait(false);
}
