using PipeServer.Http;

namespace PipeServer.Tests.Http;

/// <summary>What header fields hold, and when.</summary>
public sealed class HeaderFieldsTests
{
    // 10,000 idle connections held 10,000 arrays for their requests' fields, as many for their answers' and for trailers: a kilobyte each.
    [Fact]
    public void What_has_no_field_holds_no_array()
    {
        const int Count = 1000;
        var all = new HeaderFields[Count];
        UseAll(all, 0, 10); // the arrays of this thread
        var before = GC.GetAllocatedBytesForCurrentThread();
        UseAll(all, 0, Count);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Count, 1, 120);

        // Nor does what is used again make one.
        before = GC.GetAllocatedBytesForCurrentThread();
        for (var index = 0; index < Count; index++)
        {
            Use(all[index]);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        static void UseAll(HeaderFields[] all, int from, int to)
        {
            for (var index = from; index < to; index++)
            {
                all[index] = new HeaderFields();
                Use(all[index]);
            }
        }

        static void Use(HeaderFields fields)
        {
            fields.Append("Content-Type"u8, "text/plain"u8);
            fields.Clear();
            fields.Release();
        }
    }

    // Requests are parsed on one thread and answered on another, so arrays go one way. Other tests share the pool, so it may take a few rounds.
    [Fact]
    public void Arrays_that_change_threads_are_used_again()
    {
        const long BytesOfArray = 32 * 20;
        var rented = new HeaderField[8][];
        var leastOfRound = long.MaxValue;
        for (var round = 0; round < 200 && leastOfRound >= BytesOfArray; round++)
        {
            var thread = new Thread(() =>
            {
                var before = GC.GetAllocatedBytesForCurrentThread();
                for (var index = 0; index < rented.Length; index++)
                {
                    rented[index] = HeaderSlots.Rent();
                }

                leastOfRound = Math.Min(leastOfRound, GC.GetAllocatedBytesForCurrentThread() - before);
            });
            thread.Start();
            thread.Join();
            Assert.Equal(rented.Length, rented.Distinct().Count());
            foreach (var slots in rented)
            {
                HeaderSlots.Return(slots);
            }
        }

        Assert.InRange(leastOfRound, 0, BytesOfArray - 1); // a new thread takes a little for its own variables
    }

    [Fact]
    public void A_larger_array_has_the_fields_of_the_full_one_which_is_given_to_the_next()
    {
        var full = HeaderSlots.Rent();
        for (var index = 0; index < full.Length; index++)
        {
            full[index] = new HeaderField(index, 1, index + 3, 1, KnownHeader.Other);
        }

        var before = full.ToArray();
        var larger = HeaderSlots.Grow(full);
        Assert.True(larger.Length >= 2 * before.Length);
        Assert.Equal(before, larger[..before.Length]);
        var next = HeaderSlots.Rent();
        Assert.Same(full, next);
        HeaderSlots.Return(next);
        HeaderSlots.Return(larger);
    }

    [Fact]
    public void Fields_are_kept_however_many_there_are_and_only_an_empty_collection_gives_back()
    {
        var others = new HeaderFields();
        others.Append("X-Other"u8, "other"u8);
        var fields = new HeaderFields();
        for (var round = 0; round < 3; round++)
        {
            for (var index = 0; index < 100; index++)
            {
                fields.Append(Name(index), Value(index, round));
            }

            fields.Release(); // in use: of no effect
            Assert.Equal(100, fields.Count);
            for (var index = 0; index < 100; index++)
            {
                Assert.Equal(index, fields.IndexOf(Name(index)));
                Assert.True(fields.Value(index).SequenceEqual(Value(index, round)));
            }

            fields.Clear();
            fields.Release();
            fields.Release();
            Assert.Equal(0, fields.Count);
            Assert.Equal(-1, fields.IndexOf(Name(1)));
        }

        Assert.True(others.Value(0).SequenceEqual("other"u8));

        static byte[] Name(int index) => System.Text.Encoding.ASCII.GetBytes($"X-{index}");

        static byte[] Value(int index, int round) => System.Text.Encoding.ASCII.GetBytes($"value {index} of round {round}");
    }
}
