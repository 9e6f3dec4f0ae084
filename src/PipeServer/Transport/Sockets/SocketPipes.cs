using System.Buffers;
using System.IO.Pipelines;

namespace PipeServer.Transport.Sockets;

/// <summary>How the two pipes of a <see cref="SocketConnection"/> are set up.</summary>
internal static class SocketPipes
{
    /// <summary>The block of a pipe.</summary>
    public const int SegmentBytes = 4096;

    // From how many bytes on a pipe's writer has to wait: the bound of a connection's memory. One receive may go beyond it, by a large block.
    private const int ReceivePauseBytes = 32 * 1024;
    private const int SendPauseBytes = 64 * 1024;

    /// <summary>What is received. The reader goes on where the bytes arrive: a hop to a worker is the server's decision.</summary>
    public static PipeOptions CreateReceiveOptions(ReceiveMemory memory) => Create(memory, ReceivePauseBytes, PipeScheduler.Inline);

    /// <summary>
    /// What is sent. The send runs on the thread that flushed. A flush that had to wait continues on the thread pool: on the send
    /// loop's own stack, a handler that then blocks on another flush would wait for the loop that it holds up.
    /// </summary>
    public static PipeOptions CreateSendOptions(SendMemory memory) => Create(memory, SendPauseBytes, PipeScheduler.ThreadPool);

    private static PipeOptions Create(MemoryPool<byte> pool, int pauseBytes, PipeScheduler writerScheduler) => new(
        pool,
        readerScheduler: PipeScheduler.Inline,
        writerScheduler: writerScheduler,
        pauseWriterThreshold: pauseBytes,
        resumeWriterThreshold: pauseBytes / 2,
        minimumSegmentSize: SegmentBytes,
        useSynchronizationContext: false); // the package's loops then do not run on it either
}
