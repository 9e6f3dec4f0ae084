using System.Buffers;
using System.IO.Pipelines;

namespace PipeServer.Transport.Sockets;

/// <summary>How the two pipes of a <see cref="SocketConnection"/> are set up.</summary>
internal static class SocketPipes
{
    /// <summary>The least length of a pipe's block.</summary>
    public const int SegmentBytes = 4096;

    // A pipe's writer waits while the pipe holds this many bytes: that bounds the memory of a connection. One receive may exceed it by a
    // large block.
    private const int ReceivePauseBytes = 32 * 1024;
    private const int SendPauseBytes = 64 * 1024;

    /// <summary>For received bytes. The reader continues on the thread on which they arrive: the server decides whether it hops to a worker.</summary>
    public static PipeOptions CreateReceiveOptions(ReceiveMemory memory) => Create(memory, ReceivePauseBytes, PipeScheduler.Inline);

    /// <summary>
    /// For sent bytes. The send runs on the thread that flushed. A flush that had to wait continues on the thread pool. If it continued
    /// on the send loop's own stack, a handler that then blocks on another flush would wait for the very loop that it holds up.
    /// </summary>
    public static PipeOptions CreateSendOptions(SendMemory memory) => Create(memory, SendPauseBytes, PipeScheduler.ThreadPool);

    private static PipeOptions Create(MemoryPool<byte> pool, int pauseBytes, PipeScheduler writerScheduler) => new(
        pool,
        readerScheduler: PipeScheduler.Inline,
        writerScheduler: writerScheduler,
        pauseWriterThreshold: pauseBytes,
        resumeWriterThreshold: pauseBytes / 2,
        minimumSegmentSize: SegmentBytes,
        useSynchronizationContext: false); // then the package's loops do not use one either
}
