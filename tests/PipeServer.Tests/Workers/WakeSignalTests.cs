using PipeServer.Platform;
using PipeServer.Workers;

namespace PipeServer.Tests.Workers;

public sealed class WakeSignalTests
{
    private static readonly TimeSpan Patience = TestClient.Patience;

    public static TheoryData<bool> Ways => Futex.IsSupported ? [true, false] : [true];

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_signal_that_is_set_before_the_sleep_is_not_slept_through(bool isPortable)
    {
        var signal = new WakeSignal(isPortable);
        signal.Reset();
        signal.Wake();
        signal.Wait();
    }

    // Whoever is first, the sleeper or the waker: each sleep ends by its own wake.
    [Theory]
    [MemberData(nameof(Ways))]
    [Trait(Stress.Trait, Stress.Name)]
    public void No_wake_is_lost_however_sleeper_and_waker_meet(bool isPortable)
    {
        var rounds = Stress.Rounds(20_000);
        var signal = new WakeSignal(isPortable);
        using var ready = new SemaphoreSlim(0);
        var sleeper = new Thread(() =>
        {
            for (var round = 0; round < rounds; round++)
            {
                signal.Reset();
                ready.Release();
                Thread.SpinWait(round % 97);
                signal.Wait();
            }
        });
        sleeper.Start();
        for (var round = 0; round < rounds; round++)
        {
            Assert.True(ready.Wait(Patience), $"sleep {round - 1} has not ended");
            Thread.SpinWait(round % 89);
            signal.Wake();
        }

        Assert.True(sleeper.Join(Patience));
    }
}
