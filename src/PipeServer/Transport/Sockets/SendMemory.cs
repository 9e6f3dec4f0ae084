using System.Buffers;
using Pipelines.Sockets.Unofficial;

namespace PipeServer.Transport.Sockets;

/// <summary>
/// The blocks of an output. When a send fails, the package gives back even the block that a handler may be writing into at that
/// moment. Until the writer has completed, what comes back from then on is not rented out again, so that no other connection gets it.
/// </summary>
internal sealed class SendMemory(ArrayPool<byte> arrays) : PipeMemory(arrays)
{
    private volatile bool _isWriterCompleted;

    protected override bool MayReturn => _isWriterCompleted || Pumps is not { ShutdownKind: not PipeShutdownKind.None };

    /// <summary>The writer holds no block any more.</summary>
    public void OnWriterCompleted() => _isWriterCompleted = true;

    protected override int ChooseLength(int minimum) => minimum;
}
