using System.Globalization;
using Microsoft.Coyote;
using Microsoft.Coyote.Random;
using Microsoft.Coyote.Runtime;
using Microsoft.Coyote.SystematicTesting;
using PipeServer.Platform;
using Xunit;

namespace PipeServer.Interleavings;

/// <summary>
/// The queue of the workers under Coyote: the same sources, with every lock, exchange and sleep a step of which Coyote chooses the next. A worker
/// that sleeps beside a job, a producer that nobody tells, a job that runs twice: each is found as a run that cannot end, or as a failed check,
/// and comes with the choices that led to it.
/// </summary>
public sealed class JobQueueTests(ITestOutputHelper output)
{
    private const uint UsualIterations = 300;
    private const uint MaxSteps = 20_000;

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(1, 2, false)]
    [InlineData(2, 2, false)]
    [InlineData(2, 3, true)]
    public void What_is_accepted_runs_once_whenever_the_queue_is_completed(int capacity, int workers, bool isPortable) => Explore(() =>
    {
        var pool = new PoolModel(capacity, workers, isPortable);
        for (var producer = 0; producer < 2; producer++)
        {
            var first = producer * 10;
            pool.Threads.Start(() =>
            {
                pool.TryAdd(first);
                pool.AddOrBlock(first + 1);
                pool.TryAdd(first + 2);
            });
        }

        pool.Threads.Start(pool.Complete);
        pool.Check();
    });

    // Before the completion, which wakes everybody: a job that waits for nobody would be hidden by it.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(4, 2)]
    public void No_worker_sleeps_beside_a_job(int capacity, int workers) => Explore(() =>
    {
        var pool = new PoolModel(capacity, workers);
        RunTwoProducers(pool);
    });

    // Two jobs that wait for each other need two workers: one awake worker is not enough for two jobs while the other sleeps.
    [Fact]
    public void As_many_workers_come_as_there_are_jobs() => Explore(static () =>
    {
        var pool = new PoolModel(capacity: 4, workers: 2);
        for (var round = 0; round < 3; round++)
        {
            var met = 0;
            void Meet()
            {
                met++;
                Operation.PauseUntil(() => met == 2);
            }

            PoolModel.Check(pool.TryAdd(2 * round, Meet), "there is room");
            PoolModel.Check(pool.TryAdd((2 * round) + 1, Meet), "there is room");
            Operation.PauseUntil(() => met == 2);
        }

        pool.Complete();
        pool.Check();
    });

    [Fact]
    public void A_job_that_waits_for_room_runs_or_is_told() => Explore(static () =>
    {
        var pool = new PoolModel(capacity: 1, workers: 1);
        var refused = 0;
        pool.TryAdd(0);
        for (var producer = 0; producer < 3; producer++)
        {
            var number = producer + 1;
            pool.Threads.Start(() => pool.AddOrContinue(number, () => refused++));
        }

        pool.Threads.Start(pool.Complete);
        pool.Check();
        PoolModel.Check(pool.Order.Count + refused == 4, $"{pool.Order.Count} jobs ran and {refused} were refused");
    });

    [Fact]
    public void Jobs_begin_in_the_order_in_which_they_came_also_those_that_waited_for_room() => Explore(static () =>
    {
        var pool = new PoolModel(capacity: 1, workers: 1);
        for (var number = 0; number < 4; number++)
        {
            // They wait without a thread, so that one thread hands them all in.
            if (!pool.TryAdd(number))
            {
                pool.AddOrContinue(number, static () => { });
            }
        }

        Operation.PauseUntil(() => pool.Order.Count == 4);
        PoolModel.Check(pool.Order.SequenceEqual([0, 1, 2, 3]), string.Join(' ', pool.Order));
        pool.Complete();
        pool.Check();
    });

    [Fact]
    public void A_thread_that_the_system_refuses_costs_no_job() => Explore(static () =>
    {
        var pool = new PoolModel(capacity: 2, workers: 3) { IsThreadRefused = static () => Generator.Create().NextBoolean() };
        RunTwoProducers(pool);
    });

    // While the thread is asked for, its worker counts as coming, so a job that arrives meanwhile wakes nobody. When the thread is refused,
    // somebody has to come for that job who has gone to sleep in good faith.
    [Fact]
    public void A_worker_that_sleeps_while_a_thread_is_asked_for_in_vain_is_woken() => Explore(static () =>
    {
        var isAsked = false;
        var isHandedIn = false;
        var pool = new PoolModel(capacity: 4, workers: 2)
        {
            IsThreadRefused = () =>
            {
                isAsked = true;
                Operation.PauseUntil(() => isHandedIn);
                return true;
            },
        };
        pool.TryAdd(0, () => Operation.PauseUntil(() => isAsked));
        pool.Threads.Start(() => pool.TryAdd(1));
        Operation.PauseUntil(() => pool.Order.Count == 2);
        for (var step = Generator.Create().NextInteger(10); step > 0; step--)
        {
            SchedulingPoint.Interleave();
        }

        PoolModel.Check(pool.TryAdd(2), "there is room");
        isHandedIn = true;
        Operation.PauseUntil(() => pool.Order.Count == 3);
        pool.Complete();
        pool.Check();
    });

    // Two threads hand in two jobs each, and wait for room where there is none. The pool is stopped when all have run.
    private static void RunTwoProducers(PoolModel pool)
    {
        var producers = new ControlledThreads();
        for (var producer = 0; producer < 2; producer++)
        {
            var first = producer * 10;
            producers.Start(() =>
            {
                pool.AddOrBlock(first);
                pool.AddOrBlock(first + 1);
            });
        }

        producers.Join();
        Operation.PauseUntil(() => pool.Outstanding == 0);
        pool.Complete();
        pool.Check();
    }

    private void Explore(Action run)
    {
        // Each finds what the other seldom does: one changes threads at any step, the other runs one thread far ahead and changes at few steps.
        Explore(run, static configuration => configuration.WithRandomStrategy());
        Explore(run, static configuration => configuration.WithPrioritizationStrategy(isFair: true, priorityChangeBound: 5));
    }

    private void Explore(Action run, Func<Configuration, Configuration> strategy)
    {
        var configuration = strategy(Configuration.Create())
            .WithTestingIterations(UsualIterations * Factor())
            .WithMaxSchedulingSteps(MaxSteps)
            .WithFailureOnMaxStepsBoundEnabled()
            .WithTelemetryEnabled(false);
        var engine = TestingEngine.Create(configuration, (Action)(() =>
        {
            Futex.Clear();
            run();
        }));
        engine.Run();
        var report = engine.TestReport;
        output.WriteLine(report.GetText(configuration));
        Assert.True(report.NumOfFoundBugs == 0, string.Join('\n', report.BugReports) + engine.ReproducibleTrace);
        Assert.Equal((int)configuration.TestingIterations, report.NumOfExploredFairPaths + report.NumOfExploredUnfairPaths);
    }

    private static uint Factor() =>
        uint.TryParse(Environment.GetEnvironmentVariable("PIPESERVER_STRESS"), NumberStyles.None, CultureInfo.InvariantCulture, out var factor) ? factor : 1;
}
