using PipeServer.Server;

namespace PipeServer.Tests.Server;

public sealed class PermitsTests
{
    [Fact]
    public void Fewer_than_are_out_are_given_out_again_when_enough_have_come_back()
    {
        var permits = new Permits(5);
        Take(permits, 4);
        permits.Resize(2);
        for (var returned = 0; returned < 2; returned++)
        {
            Assert.False(permits.TryTake());
            permits.Return();
        }

        Assert.False(permits.TryTake());
        permits.Return();
        Take(permits, 1);
        Assert.False(permits.TryTake());
        permits.Resize(1);
        permits.Resize(4);
        Take(permits, 2);
        Assert.False(permits.TryTake());
    }

    [Fact]
    public async Task One_that_is_waited_for_comes_with_more_of_them()
    {
        var permits = new Permits(1);
        Take(permits, 1);
        var waiting = permits.TakeAsync(CancellationToken.None);
        permits.Resize(2);
        await waiting.WaitAsync(TestClient.Patience);
        Assert.False(permits.TryTake());
    }

    // However takers, returns and changes meet, in the end there are as many as there are to be.
    [Fact]
    [Trait(Stress.Trait, Stress.Name)]
    public async Task None_is_lost_or_made_up_in_a_race()
    {
        for (var round = 0; round < Stress.Rounds(20); round++)
        {
            var permits = new Permits(8);
            var takers = Enumerable.Range(0, 3).Select(_ => Task.Run(() =>
            {
                for (var number = 0; number < 2000; number++)
                {
                    if (permits.TryTake())
                    {
                        permits.Return();
                    }
                }
            })).ToList();
            for (var number = 0; number < 200; number++)
            {
                permits.Resize(1 + (number * 7 % 16));
            }

            permits.Resize(3);
            await Task.WhenAll(takers);
            Take(permits, 3);
            Assert.False(permits.TryTake());
        }
    }

    private static void Take(Permits permits, int count)
    {
        for (var number = 0; number < count; number++)
        {
            Assert.True(permits.TryTake());
        }
    }
}
