using PipeServer.StaticFiles;

namespace PipeServer.Tests.StaticFiles;

public sealed class MemoryBudgetTests
{
    [Fact]
    public void Who_has_most_gives_up_first()
    {
        var budget = new MemoryBudget(100);
        var (large, small) = (new Holder(budget, 10), new Holder(budget, 10));
        Enumerable.Repeat(large, 8).ToList().ForEach(static holder => holder.Add());
        small.Add();
        small.Add();
        Assert.Equal((80, 20), (large.Bytes, small.Bytes));
        small.Add(); // one that comes late finds room
        small.Add();
        Assert.Equal((60, 40), (large.Bytes, small.Bytes));
        Assert.Equal(100, budget.Bytes);
        large.Clear();
        Assert.Equal(40, budget.Bytes);
        Assert.Equal([small], budget.Holders);
    }

    [Fact]
    public void Entries_are_counted_beside_bytes()
    {
        var budget = new MemoryBudget(1000, 4);
        var (many, few) = (new Holder(budget, 1), new Holder(budget, 200));
        Enumerable.Repeat(many, 3).ToList().ForEach(static holder => holder.Add());
        few.Add();
        few.Add();
        Assert.Equal((2, 2), (many.Count, few.Count));
    }

    [Fact]
    public async Task Several_at_once_end_within_the_bounds()
    {
        var budget = new MemoryBudget(1000, 50);
        var holders = Enumerable.Range(1, 4).Select(size => new Holder(budget, size * 10)).ToList();
        await Task.WhenAll(holders.Select(static holder => Task.Factory.StartNew(
            () =>
            {
                for (var round = 0; round < 10_000; round++)
                {
                    holder.Add();
                }
            },
            TestContext.Current.CancellationToken,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        Assert.False(budget.IsExceeded);
        Assert.Equal(holders.Sum(static holder => holder.Bytes), budget.Bytes);
        Assert.Equal(holders.Sum(static holder => holder.Count), budget.Entries);
    }

    private sealed class Holder : IMemoryHolder
    {
        private readonly Lock _lock = new();
        private readonly MemoryBudget _budget;
        private readonly int _size;
        private int _count;

        public Holder(MemoryBudget budget, int size)
        {
            (_budget, _size) = (budget, size);
            budget.Join(this);
        }

        public long Bytes => Count * (long)_size;

        public int Count => Volatile.Read(ref _count);

        public void Add()
        {
            lock (_lock)
            {
                _count++;
                _budget.Count(_size, 1);
            }

            _budget.MakeRoom();
        }

        public void Clear()
        {
            while (TryGiveUpOne())
            {
            }

            _budget.Leave(this);
        }

        public bool TryGiveUpOne()
        {
            lock (_lock)
            {
                if (_count == 0)
                {
                    return false;
                }

                _count--;
                _budget.Count(-_size, -1);
                return true;
            }
        }
    }
}
