using System.Collections.Concurrent;
using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>The arrays of header fields pass between threads by the stack: none may be in two places, and none gets lost on the usual way.</summary>
public sealed class HeaderSlotsTests
{
    // Some threads only rent, some only return, some do both: whoever has an array writes its own mark into it, and finds it there still.
    [Fact]
    public void An_array_belongs_to_one_at_a_time_whichever_threads_rent_and_return()
    {
        const int Count = 20_000;
        using var passed = new BlockingCollection<(HeaderField[] Slots, int Mark)>(boundedCapacity: 40);
        var wrong = 0;
        var renting = Enumerable.Range(1, 2).Select(thread => Start(() =>
        {
            for (var index = 0; index < Count; index++)
            {
                var mark = (thread * Count) + index;
                passed.Add((Rent(mark), mark));
            }
        })).ToList();
        var both = Start(() =>
        {
            for (var index = 0; index < Count; index++)
            {
                var some = Enumerable.Range(0, (index % 40) + 1).Select(mark => (Slots: Rent(-mark), Mark: -mark)).ToList();
                some.ForEach(static one => Thread.SpinWait(1));
                some.ForEach(one => Return(one.Slots, one.Mark));
                index += 40;
            }
        });
        var returning = Enumerable.Range(0, 2).Select(_ => Start(() =>
        {
            foreach (var (slots, mark) in passed.GetConsumingEnumerable())
            {
                Return(slots, mark);
            }
        })).ToList();
        renting.ForEach(static thread => thread.Join());
        passed.CompleteAdding();
        returning.ForEach(static thread => thread.Join());
        both.Join();
        Assert.Equal(0, wrong);

        HeaderField[] Rent(int mark)
        {
            var slots = HeaderSlots.Rent();
            slots[0] = new HeaderField(mark, 0, 0, 0, KnownHeader.Other);
            return slots;
        }

        void Return(HeaderField[] slots, int mark)
        {
            if (slots[0].NameStart != mark)
            {
                Interlocked.Increment(ref wrong);
            }

            HeaderSlots.Return(slots);
        }

        static Thread Start(Action run)
        {
            var thread = new Thread(() => run()) { IsBackground = true };
            thread.Start();
            return thread;
        }
    }
}
