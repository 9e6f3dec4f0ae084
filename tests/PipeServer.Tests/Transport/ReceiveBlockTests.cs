using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Transport;

public sealed class ReceiveBlockTests
{
    private readonly PinnedBlockPool _blocks = new();
    private readonly ReceiveBlock _loop = new();

    [Fact]
    public void A_block_that_was_given_back_is_lent_again()
    {
        var block = _loop.Lend(_blocks);
        Assert.Equal(PinnedBlockPool.SmallBytes, block.Capacity);
        Assert.True(_loop.TryTakeBack(block));
        Assert.Same(block, _loop.Lend(_blocks));
    }

    [Fact]
    public void A_block_that_is_kept_is_not_lent_again()
    {
        var kept = _loop.Lend(_blocks);
        var next = _loop.Lend(_blocks);
        Assert.NotSame(kept, next);
        Assert.True(_loop.TryTakeBack(next));
        Assert.False(_loop.TryTakeBack(kept)); // its keeper returns it to the pool
        Assert.Same(next, _loop.Lend(_blocks));
    }

    // A handler may make the loop receive for another connection before its own is done.
    [Fact]
    public void The_outer_of_two_blocks_in_use_is_not_taken_for_the_inner()
    {
        var outer = _loop.Lend(_blocks);
        var inner = _loop.Lend(_blocks);
        Assert.True(_loop.TryTakeBack(inner));
        Assert.False(_loop.TryTakeBack(outer));
        Assert.Same(inner, _loop.Lend(_blocks));
        Assert.NotSame(outer, _loop.Lend(_blocks));
    }

    [Fact]
    public void A_threads_spares_are_the_last_two_that_came_back()
    {
        var spares = new SpareBlocks();
        var blocks = Enumerable.Range(0, 3).Select(_ => new PinnedBlock(PinnedBlockPool.SmallBytes, pool: null)).ToArray();
        Assert.True(spares.IsEmpty);
        Assert.True(spares.TryKeep(blocks[0]));
        Assert.True(spares.TryKeep(blocks[1]));
        Assert.False(spares.TryKeep(blocks[2]));
        Assert.Same(blocks[1], spares.Take());
        Assert.True(spares.TryKeep(blocks[2]));
        Assert.Same(blocks[2], spares.Take());
        Assert.Same(blocks[0], spares.Take());
        Assert.True(spares.IsEmpty);
    }
}
