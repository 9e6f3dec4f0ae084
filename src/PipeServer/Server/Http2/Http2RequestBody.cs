using System.IO.Pipelines;
using PipeServer.Http;

namespace PipeServer.Server.Http2;

/// <summary>The body of a stream's request: its owner puts DATA in, its handler reads.</summary>
internal sealed class Http2RequestBody(Http2Stream stream) : PipeReader, IRequestBody
{
    /// <summary>The stream.</summary>
    public Http2Stream Stream { get; } = stream;

    public HeaderFields Trailers => throw new NotSupportedException();

    public bool IsFullyRead => throw new NotSupportedException();

    public bool IsTouched => throw new NotSupportedException();

    public override void AdvanceTo(SequencePosition consumed) => throw new NotSupportedException();

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => throw new NotSupportedException();

    public override void CancelPendingRead() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null) => throw new NotSupportedException();

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public override bool TryRead(out ReadResult result) => throw new NotSupportedException();
}
