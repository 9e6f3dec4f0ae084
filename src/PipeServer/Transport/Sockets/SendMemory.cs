using System.Buffers;
using Pipelines.Sockets.Unofficial;

namespace PipeServer.Transport.Sockets;

/// <summary>
/// The memory of an output. When a send fails, the package returns every block, even one that a handler may be writing into at that
/// moment. From then on until the writer has completed, returned blocks are not rented out again, so that no other connection gets them.
/// </summary>
internal sealed class SendMemory(ArrayPool<byte> arrays) : PipeMemory(arrays)
{
    private volatile bool _isWriterCompleted;

    protected override bool MayReturn => _isWriterCompleted || Pumps is not { ShutdownKind: not PipeShutdownKind.None };

    /// <summary>To be called when the writer holds no block any more.</summary>
    public void OnWriterCompleted() => _isWriterCompleted = true;

    protected override int ChooseLength(int minimum) => minimum;
}
