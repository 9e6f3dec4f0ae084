using PipeServer.Platform;
using PipeServer.Workers;

namespace PipeServer.Tests.Workers;

public sealed class ShortLockTests
{
    public static TheoryData<bool> Ways => Futex.IsSupported ? [true, false] : [true];

    // Two writes that others must not see apart, and threads enough that some of them sleep.
    [Theory]
    [MemberData(nameof(Ways))]
    [Trait(Stress.Trait, Stress.Name)]
    public void One_at_a_time_is_inside_and_nobody_is_forgotten(bool isPortable)
    {
        const int Threads = 6;
        var rounds = Stress.Rounds(20_000);
        var held = new ShortLock(isPortable);
        var (first, second, torn) = (0, 0, 0);
        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            for (var round = 0; round < rounds; round++)
            {
                using (held.EnterScope())
                {
                    torn += first == second ? 0 : 1;
                    first++;
                    if (round % 1000 == 0)
                    {
                        Thread.Yield(); // as when the holder loses its core
                    }

                    second++;
                }
            }
        })).ToArray();
        Array.ForEach(threads, static thread => thread.Start());
        Assert.All(threads, static thread => Assert.True(thread.Join(TestClient.Patience), "a thread sleeps beside a free lock"));
        Assert.Equal((0, Threads * rounds, Threads * rounds), (torn, first, second));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void An_exception_inside_leaves_it_free(bool isPortable)
    {
        var held = new ShortLock(isPortable);
        void Fail()
        {
            using var scope = held.EnterScope();
            throw new InvalidOperationException();
        }

        Assert.Throws<InvalidOperationException>(Fail);
        using (held.EnterScope())
        {
            // Entered again.
        }
    }
}
