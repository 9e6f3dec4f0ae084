using System.Buffers;
using Pumps = Pipelines.Sockets.Unofficial.SocketConnection;

namespace PipeServer.Transport.Sockets;

/// <summary>The memory of one pipe of one connection. Its arrays come from a pool that all connections share.</summary>
internal abstract class PipeMemory(ArrayPool<byte> arrays) : MemoryPool<byte>
{
    private readonly ArrayPool<byte> _arrays = arrays;
    private Block? _spare;

    public sealed override int MaxBufferSize => Array.MaxLength;

    /// <summary>The package's connection that the pipe belongs to. Null while the package creates it, which may already receive then.</summary>
    public Pumps? Pumps { get; set; }

    public sealed override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        var block = Interlocked.Exchange(ref _spare, null) ?? new Block(this);
        block.Array = _arrays.Rent(ChooseLength(minBufferSize));
        return block;
    }

    /// <summary>How long the next block must be at least.</summary>
    protected abstract int ChooseLength(int minimum);

    /// <summary>False while somebody may still write into a block that is returned. Such a block is left to the garbage collector.</summary>
    protected virtual bool MayReturn => true;

    protected sealed override void Dispose(bool disposing)
    {
    }

    /// <summary>Owns an array while it is rented. One block is kept for the next rent, so that a request makes no garbage.</summary>
    private sealed class Block(PipeMemory memory) : IMemoryOwner<byte>
    {
        public byte[]? Array { get; set; }

        public Memory<byte> Memory => Array;

        public void Dispose()
        {
            if (Array is { } array && memory.MayReturn)
            {
                Array = null;
                memory._arrays.Return(array);
                memory._spare = this;
            }
        }
    }
}
