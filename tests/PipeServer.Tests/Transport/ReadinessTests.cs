using PipeServer.Transport.Epoll;

namespace PipeServer.Tests.Transport;

public sealed class ReadinessTests
{
    [Fact]
    public void An_event_before_the_wait_is_kept_once_and_keeps_the_wait_from_parking()
    {
        var readiness = default(Readiness);
        Assert.False(readiness.TryClear());
        Assert.False(readiness.Signal());
        Assert.False(readiness.Signal());
        Assert.True(readiness.IsReady);
        Assert.False(readiness.TryPark());
        Assert.True(readiness.TryClear());
        Assert.False(readiness.TryClear());
        Assert.True(readiness.TryPark());
    }

    [Fact]
    public void A_parked_operation_is_handed_to_exactly_one_waker()
    {
        var readiness = default(Readiness);
        Assert.False(readiness.TryUnpark());
        Assert.True(readiness.TryPark());
        Assert.True(readiness.Signal());
        Assert.False(readiness.TryUnpark());
        Assert.False(readiness.IsReady);
        Assert.True(readiness.TryPark());
        Assert.True(readiness.TryUnpark());
        Assert.False(readiness.Signal());
        Assert.True(readiness.IsReady);
    }

    // One parks, two wake, as an event and a cancellation do: every round has one winner, and no signal is lost.
    [Fact]
    public async Task Under_a_race_every_wait_is_woken_and_by_one()
    {
        const int Rounds = 20_000;
        var gate = new Gate();
        var wakers = Enumerable.Range(0, 2).Select(index => OwnThread.Run(() =>
        {
            while (Volatile.Read(ref gate.Woken) < Rounds)
            {
                if (index == 0 ? gate.Readiness.Signal() : gate.Readiness.TryUnpark())
                {
                    Assert.Equal(1, Interlocked.Increment(ref gate.Owners));
                    Interlocked.Decrement(ref gate.Owners);
                    Interlocked.Increment(ref gate.Woken);
                }
            }
        })).ToArray();
        await OwnThread.Run(() =>
        {
            for (var round = 0; round < Rounds; round++)
            {
                if (!gate.Readiness.TryPark())
                {
                    Assert.True(gate.Readiness.TryClear());
                    Interlocked.Increment(ref gate.Woken);
                    continue;
                }

                SpinWait.SpinUntil(() => Volatile.Read(ref gate.Woken) > round);
            }
        }).WaitAsync(TestClient.Patience);
        await Task.WhenAll(wakers).WaitAsync(TestClient.Patience);
        Assert.Equal(Rounds, gate.Woken);
    }

    private sealed class Gate
    {
        public Readiness Readiness;
        public int Owners;
        public int Woken;
    }
}
