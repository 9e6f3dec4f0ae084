using System.Buffers;
using System.Text;
using PipeServer.Transport;
using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Transport;

public sealed class BlockChainTests
{
    private readonly PinnedBlockPool _blocks = new();
    private BlockChain _chain;

    [Fact]
    public void An_empty_chain_holds_nothing()
    {
        Assert.True(_chain.IsEmpty);
        Assert.Equal(0, _chain.Room);
        Write("a", PinnedBlockPool.SmallBytes);
        Assert.False(_chain.IsEmpty);
        _chain.Return();
        Assert.True(_chain.IsEmpty);
        Assert.Null(_chain.Head);
    }

    // Every cut of every arrangement: the bytes that are left are the right ones, and blocks that hold none of them are gone.
    [Fact]
    public void What_is_dropped_comes_off_the_front_at_every_point()
    {
        string[] pieces = ["first, ", "second, ", "third"];
        var text = string.Concat(pieces);
        for (var cut = 0; cut < text.Length; cut++)
        {
            foreach (var piece in pieces)
            {
                Write(piece, PinnedBlockPool.SmallBytes);
            }

            _chain.Drop(cut);
            Assert.Equal(text[cut..], Encoding.ASCII.GetString(_chain.Bytes.ToArray()));
            Assert.Equal(text.Length - cut, _chain.End - _chain.Start);
            Assert.Equal(cut, _chain.Start);
            Assert.Equal(cut < 7 ? 3 : cut < 15 ? 2 : 1, Blocks());
            _chain.Return();
        }
    }

    [Fact]
    public void Clearing_keeps_the_last_block_for_the_next_bytes()
    {
        Write("one", PinnedBlockPool.SmallBytes);
        Write("two", PinnedBlockPool.LargeBytes);
        _chain.Clear();
        Assert.True(_chain.IsEmpty);
        Assert.Equal(1, Blocks());
        Assert.Equal(PinnedBlockPool.LargeBytes, _chain.Room);
        Assert.Equal(0, _chain.Start);
    }

    [Fact]
    public void A_borrowed_block_ends_where_its_bytes_do()
    {
        var borrowed = new PinnedBytes("lent"u8);
        Write("own, ", PinnedBlockPool.SmallBytes);
        _chain.Append(_blocks.Borrow(borrowed));
        _chain.Advance(4);
        Assert.Equal(0, _chain.Room);
        Assert.Equal("own, lent", Encoding.ASCII.GetString(_chain.Bytes.ToArray()));
        Assert.Equal((0, 4), _chain.Extent(_chain.Tail!));
    }

    [Fact]
    public void A_position_of_something_else_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(static () => BlockChain.IndexOf(new ReadOnlySequence<byte>(new byte[1]).Start));

    // Each piece into a block of its own.
    private void Write(string text, int blockBytes)
    {
        _chain.Append(_blocks.Rent(blockBytes));
        Encoding.ASCII.GetBytes(text, _chain.Free.Span);
        _chain.Advance(text.Length);
    }

    private int Blocks()
    {
        var count = 0;
        for (var block = _chain.Head; block is not null; block = block.NextBlock)
        {
            count++;
        }

        return count;
    }
}
