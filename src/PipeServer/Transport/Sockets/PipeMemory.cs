using System.Buffers;
using Pumps = Pipelines.Sockets.Unofficial.SocketConnection;

namespace PipeServer.Transport.Sockets;

/// <summary>The blocks of one pipe of one connection, from a pool that all share.</summary>
internal abstract class PipeMemory(ArrayPool<byte> arrays) : MemoryPool<byte>
{
    private readonly ArrayPool<byte> _arrays = arrays;
    private Block? _spare;

    public sealed override int MaxBufferSize => Array.MaxLength;

    /// <summary>Whose pipe it is. Null while the package makes it: it may receive as early as that.</summary>
    public Pumps? Pumps { get; set; }

    public sealed override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        var block = Interlocked.Exchange(ref _spare, null) ?? new Block(this);
        block.Array = _arrays.Rent(ChooseLength(minBufferSize));
        return block;
    }

    /// <summary>How long the next block shall be, at least.</summary>
    protected abstract int ChooseLength(int minimum);

    /// <summary>False where somebody may still write into a block that comes back: it is left to the collector then.</summary>
    protected virtual bool MayReturn => true;

    protected sealed override void Dispose(bool disposing)
    {
    }

    /// <summary>Owns an array while it is rented. One of them is kept for the next, so that a request costs no garbage.</summary>
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
