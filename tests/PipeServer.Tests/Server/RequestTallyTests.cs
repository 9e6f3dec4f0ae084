using PipeServer.Server;

namespace PipeServer.Tests.Server;

public sealed class RequestTallyTests
{
    [Fact]
    public void An_answer_counts_once_it_is_flushed()
    {
        var tally = default(RequestTally);
        tally.Receive();
        tally.Receive();
        tally.Complete();
        tally.Refuse();
        Assert.True(tally.HasUnflushed);
        Assert.Equal(new RequestCounts(2, 0, 0, 0), tally.Counts);
        tally.Flush();
        Assert.False(tally.HasUnflushed);
        Assert.Equal(new RequestCounts(2, 1, 1, 0), tally.Counts);
    }

    [Fact]
    public void What_is_not_flushed_when_the_connection_ends_was_cut_off()
    {
        var tally = default(RequestTally);
        for (var request = 0; request < 3; request++)
        {
            tally.Receive();
        }

        tally.Complete();
        tally.Flush();
        tally.Complete();
        tally.Close();
        Assert.Equal(new RequestCounts(3, 1, 0, 2), tally.Counts);
    }
}
