using Microsoft.Extensions.ObjectPool;

namespace PipeServer.Transport.Epoll;

/// <summary>Blocks in two sizes, shared by all connections of a transport: only those that have bytes in hand hold any.</summary>
internal sealed class PinnedBlockPool
{
    /// <summary>A request head and a small body, or a batch of small responses.</summary>
    public const int SmallBytes = 4 * 1024;

    /// <summary>For a connection that has filled a small one, and for 64 KiB of a file, behind their head.</summary>
    public const int LargeBytes = (64 + 4) * 1024;

    // Kept between peaks: 4 MiB of the one, a little more of the other. More than that goes to the garbage collector.
    private const int KeptSmall = 1024;
    private const int KeptLarge = 64;

    // Two for each thread, hot in its cache, and without a shared pool's contention. What a thread gives back beyond them goes to the
    // shared pool: a thread that only gives back, as a worker does, keeps no more than two.
    [ThreadStatic]
    private static SpareBlocks? _spares;

    private readonly DefaultObjectPool<PinnedBlock> _small;
    private readonly DefaultObjectPool<PinnedBlock> _large;
    private readonly DefaultObjectPool<PinnedBlock> _borrowed;

    public PinnedBlockPool()
    {
        _small = Create(SmallBytes, KeptSmall);
        _large = Create(LargeBytes, KeptLarge);
        _borrowed = Create(bytes: 0, KeptSmall);
    }

    /// <summary>A block of at least this many bytes. One beyond <see cref="LargeBytes"/> is not pooled.</summary>
    public PinnedBlock Rent(int bytes) => bytes switch
    {
        <= SmallBytes => RentSmall(),
        <= LargeBytes => _large.Get(),
        _ => new PinnedBlock(bytes, pool: null),
    };

    /// <summary>A block of <see cref="SmallBytes"/>.</summary>
    public PinnedBlock RentSmall() => _spares is { IsEmpty: false } spares ? spares.Take() : _small.Get();

    /// <summary>A block that stands for bytes that lie elsewhere.</summary>
    public PinnedBlock Borrow(PinnedBytes bytes)
    {
        var block = _borrowed.Get();
        block.Borrow(bytes);
        return block;
    }

    /// <summary>Keeps a small block for this thread's next use; false when it has enough of them.</summary>
    public static bool TryKeep(PinnedBlock block) => block.Capacity == SmallBytes && (_spares is { } spares ? spares.TryKeep(block) : TryKeepFirst(block));

    private static bool TryKeepFirst(PinnedBlock block)
    {
        try
        {
            return (_spares = new SpareBlocks()).TryKeep(block);
        }
        catch (OutOfMemoryException)
        {
            return false;
        }
    }

    private static DefaultObjectPool<PinnedBlock> Create(int bytes, int kept)
    {
        var policy = new Policy(bytes);
        var pool = new DefaultObjectPool<PinnedBlock>(policy, kept);
        policy.Pool = pool;
        return pool;
    }

    private sealed class Policy(int bytes) : PooledObjectPolicy<PinnedBlock>
    {
        public ObjectPool<PinnedBlock>? Pool { get; set; }

        public override PinnedBlock Create() => new(bytes, Pool);

        public override bool Return(PinnedBlock obj) => true;
    }
}
