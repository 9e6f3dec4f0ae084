namespace PipeServer.Server;

/// <summary>
/// Token buckets of a bounded number of clients, in one table under one lock. A bucket is one number: the time at which it is full again. To take
/// a token moves that by the time that one token takes to come.
/// </summary>
/// <remarks>
/// A full bucket is as good as none. So a table without room looks at a few for one that is full again, and gives up the one of them that will be
/// full soonest where there is none: it is nearest to being as good as none, and the buckets of those who ask for too much stay longest. A stream of new
/// addresses thereby gets what new addresses always get, and no client's limit is lifted by it for long. To let newcomers in without a bucket would
/// have lifted it for all of them while the table is full.
/// </remarks>
internal sealed class RateBuckets
{
    private const int None = -1;

    // How many buckets are looked at for one that can be given up. More would take longer under the lock in just the moment when there is much to do.
    // At random: clients that came together, and are limited together, lie side by side.
    private const int LookedAt = 16;

    private readonly Lock _gate = new();
    private readonly Bucket[] _buckets;
    private readonly int[] _chains; // by hash: the first bucket of its chain
    private int _count;
    private ulong _random; // where to look next for a bucket to give up

    /// <summary>Makes an empty table.</summary>
    /// <param name="capacity">The most clients; a power of two.</param>
    public RateBuckets(int capacity)
    {
        _buckets = new Bucket[capacity];
        _chains = new int[capacity];
        _chains.AsSpan().Fill(None);
    }

    /// <summary>How many clients have a bucket. From any thread.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>Takes tokens from a client's bucket; false, and nothing is taken, when there are not that many. From any thread.</summary>
    /// <param name="client">The client.</param>
    /// <param name="hash">Its hash, always the same.</param>
    /// <param name="tokens">How many.</param>
    /// <param name="now">The time, in any unit, since any moment before.</param>
    /// <param name="perToken">How long a token takes to come.</param>
    /// <param name="burst">How many a full bucket has.</param>
    /// <param name="wait">How long until there are as many: zero where they were taken.</param>
    public bool TryTake(UInt128 client, uint hash, uint tokens, UInt128 now, UInt128 perToken, uint burst, out UInt128 wait)
    {
        lock (_gate)
        {
            ref var bucket = ref Find(client, hash, now);
            var fullAt = (bucket.FullAt > now ? bucket.FullAt : now) + (perToken * tokens);
            var latest = now + (perToken * burst); // an empty bucket is full then
            if (fullAt > latest)
            {
                wait = fullAt - latest;
                return false;
            }

            wait = 0;
            bucket.FullAt = fullAt;
            return true;
        }
    }

    private ref Bucket Find(UInt128 client, uint hash, UInt128 now)
    {
        ref var chain = ref _chains[hash & (uint)(_chains.Length - 1)];
        for (var index = chain; index != None; index = _buckets[index].Next)
        {
            if (_buckets[index].Client == client)
            {
                return ref _buckets[index];
            }
        }

        var free = _count < _buckets.Length ? _count++ : GiveUp(now);
        _buckets[free] = new Bucket { Client = client, Hash = hash, FullAt = now, Next = chain };
        chain = free;
        return ref _buckets[free];
    }

    // Takes a bucket from its client: where it is.
    private int GiveUp(UInt128 now)
    {
        var given = Next();
        for (var looked = 1; looked < LookedAt && _buckets[given].FullAt > now; looked++)
        {
            var other = Next();
            given = _buckets[other].FullAt < _buckets[given].FullAt ? other : given;
        }

        ref var link = ref _chains[_buckets[given].Hash & (uint)(_chains.Length - 1)];
        while (link != given)
        {
            link = ref _buckets[link].Next;
        }

        link = _buckets[given].Next;
        return given;
    }

    // A linear congruential generator by Knuth's numbers, of which the upper bits are good enough.
    private int Next()
    {
        _random = (_random * 6364136223846793005) + 1442695040888963407;
        return (int)(_random >> 33) & (_buckets.Length - 1);
    }

    private struct Bucket
    {
        public UInt128 Client;
        public UInt128 FullAt;
        public uint Hash;
        public int Next;
    }
}
