using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Difference.Stops;

/// <summary>Clients that work on and on, each in a loop of its own, beside an application that is stopped again and again.</summary>
internal sealed class WorkingClients : IAsyncDisposable
{
    private readonly CancellationTokenSource _over = new();
    private readonly List<Task> _loops = [];
    private readonly List<StrongBox<int>> _rounds = [];

    /// <summary>Ends when the clients are to come to an end.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>What has to be true, besides, before the next stop.</summary>
    public Func<bool> IsReady { get; init; } = static () => true;

    /// <summary>Adds clients. Each round is one piece of work, tried until it is answered or given up; true when it was answered.</summary>
    public void Add(int count, Func<Task<bool>> round)
    {
        for (var number = 0; number < count; number++)
        {
            var answered = new StrongBox<int>();
            _rounds.Add(answered);
            _loops.Add(WorkAsync(answered, round));
        }
    }

    /// <summary>Stops the application, and starts it again, as often as the settings say, each time when all clients have got on.</summary>
    public async Task StopAgainAndAgainAsync(params StoppableApplication[] applications)
    {
        for (var stop = 0; stop < StopSettings.Stops; stop++)
        {
            await AllGetOnAsync();
            await Task.Delay(Random.Shared.Next(100, 500));
            var application = applications[stop % applications.Length];
            await application.StopAsync();
            await application.StartAsync();
        }

        await AllGetOnAsync();
        await DisposeAsync();
        foreach (var application in applications)
        {
            await application.StopAsync();
        }
    }

    /// <summary>Waits until each client has had two answers more.</summary>
    private async Task AllGetOnAsync()
    {
        List<int> before = [.. _rounds.Select(static answered => Volatile.Read(ref answered.Value))];
        var began = Stopwatch.GetTimestamp();
        while (!IsReady() || before.Zip(_rounds).Any(static pair => Volatile.Read(ref pair.Second.Value) < pair.First + 2))
        {
            if (_loops.FirstOrDefault(static loop => loop.IsFaulted) is { } fault)
            {
                await fault;
            }

            Assert.True(
                Stopwatch.GetElapsedTime(began) < StopSettings.Patience,
                $"{before.Zip(_rounds).Count(static pair => Volatile.Read(ref pair.Second.Value) < pair.First + 2)} of {before.Count} clients do not get on");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_over.IsCancellationRequested)
        {
            await _over.CancelAsync();
            await Task.WhenAll(_loops).WaitAsync(StopSettings.Patience);
        }
    }

    private async Task WorkAsync(StrongBox<int> answered, Func<Task<bool>> round)
    {
        await Task.Yield();
        while (!_over.IsCancellationRequested)
        {
            if (await round())
            {
                Interlocked.Increment(ref answered.Value);
            }
        }
    }
}
