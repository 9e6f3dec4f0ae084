using Microsoft.Extensions.Logging;

namespace PipeServer.Cli.Reload;

/// <summary>
/// Reloads while the server runs: one at a time, and at most one more waits, which stands for all that were asked for meanwhile. Members may be used
/// from any thread.
/// </summary>
#pragma warning disable CA1001 // A timer of the main thread is a place in its list, and lives as long as the program.
internal sealed class Reloader
#pragma warning restore CA1001
{
    private const string Stopping = "The server stops; only its logs were opened anew.";

    private readonly LiveConfiguration _configuration;
    private readonly Systemd _systemd;
    private readonly ILogger _logger;
    private readonly ITimer _withoutThread; // made before it is needed: then there may be no memory either
    private readonly Lock _gate = new();
    private readonly Lock _committing = new(); // no configuration comes into force once a stop has begun
    private TaskCompletionSource<ReloadOutcome>? _running;
    private TaskCompletionSource<ReloadOutcome>? _waiting;
    private Action? _refresh; // what is to be done in place of a reload
    private bool _isOpen;
    private volatile bool _isStopping;

    /// <summary>Reloads nothing before <see cref="Open"/>.</summary>
    /// <param name="configuration">What is in force.</param>
    /// <param name="systemd">Is told.</param>
    /// <param name="clock">Runs a reload for which the system gives no thread.</param>
    /// <param name="logger">Gets a line for each reload.</param>
    public Reloader(LiveConfiguration configuration, Systemd systemd, TimeProvider clock, ILogger logger)
    {
        (_configuration, _systemd, _logger) = (configuration, systemd, logger);
        _withoutThread = clock.CreateTimer(static reloader => ((Reloader)reloader!).Run(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The settings in force.</summary>
    public ServeSettings Current => _configuration.Current;

    /// <summary>The server runs: what was asked for before is done now, and what is asked for later at once.</summary>
    public void Open()
    {
        lock (_gate)
        {
            _isOpen = true;
            if (_waiting is null)
            {
                return;
            }

            (_running, _waiting) = (_waiting, null);
        }

        Start();
    }

    /// <summary>A stop begins: nothing changes from now on. Waits for no disk.</summary>
    public void BeginStop()
    {
        lock (_committing)
        {
            _isStopping = true;
        }
    }

    /// <summary>Reads the configuration again and puts it in force, if nothing is wrong with it. Does not wait, and does not throw.</summary>
    /// <returns>What came of it.</returns>
    public Task<ReloadOutcome> ReloadAsync()
    {
        if (_isStopping)
        {
            CliLog.ReloadWhileStopping(_logger);
            return Task.FromResult(new ReloadOutcome(Stopping, [], []));
        }

        TaskCompletionSource<ReloadOutcome> reload;
        lock (_gate)
        {
            if (_waiting is not null)
            {
                return _waiting.Task; // it has not read anything yet
            }

            reload = new TaskCompletionSource<ReloadOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
            if (!_isOpen || _running is not null)
            {
                _waiting = reload;
                return reload.Task;
            }

            _running = reload;
        }

        Start();
        return reload.Task;
    }

    /// <summary>Does something between two reloads that must not run beside one, and waits for disks. Does not wait, and does not throw.</summary>
    /// <param name="work">What; what it throws is told.</param>
    /// <returns>False where a reload is at work, or the server does not run: it is not done.</returns>
    public bool TryRefresh(Action work)
    {
        lock (_gate)
        {
            if (!_isOpen || _isStopping || _running is not null)
            {
                return false;
            }

            (_running, _refresh) = (new TaskCompletionSource<ReloadOutcome>(), work);
        }

        Start();
        return true;
    }

    // On a thread of its own: it waits for disks, and may be asked for by a thread that must not.
    private void Start()
    {
        try
        {
            new Thread(Run) { IsBackground = true, Name = "reload" }.Start();
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            // The system has no thread left. The program's main thread has time.
            _withoutThread.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }

    private void Run()
    {
        while (true)
        {
            var outcome = Interlocked.Exchange(ref _refresh, null) is { } work ? Refresh(work) : Reload();
            TaskCompletionSource<ReloadOutcome> done;
            bool isMore;
            lock (_gate)
            {
                done = _running!;
                (_running, _waiting) = (_waiting, null);
                isMore = _running is not null;
            }

            done.TrySetResult(outcome);
            if (!isMore)
            {
                return;
            }
        }
    }

    private ReloadOutcome Refresh(Action work)
    {
        try
        {
            work();
        }
#pragma warning disable CA1031 // As below.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (!_isStopping)
            {
                CliLog.CertificatesRefused(_logger, exception.Message);
            }
        }

        return new ReloadOutcome(null, [], []);
    }

    private ReloadOutcome Reload()
    {
        _systemd.NotifyReloading();
        ReloadOutcome outcome;
        try
        {
            outcome = _configuration.TryPrepare(out var next) is { } problem ? new ReloadOutcome(problem, [], []) : Commit(next!);
        }
#pragma warning disable CA1031 // On a thread of its own a fault would end the process, which serves as well as before.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            outcome = new ReloadOutcome(exception.Message, [], []);
        }

        Tell(outcome);
        if (!_isStopping)
        {
            _systemd.NotifyReloaded(isRefused: outcome.Problem is not null);
        }

        return outcome;
    }

    private ReloadOutcome Commit(PreparedConfiguration next)
    {
        lock (_committing)
        {
            if (!_isStopping)
            {
                return _configuration.Commit(next);
            }
        }

        next.Drop();
        return new ReloadOutcome(Stopping, [], []);
    }

    // Names, never values: a header, or a path, may be a secret.
    private void Tell(ReloadOutcome outcome)
    {
        if (outcome.Problem is { } problem)
        {
            CliLog.ReloadRefused(_logger, problem);
            return;
        }

        CliLog.Reloaded(_logger, outcome.Changed.Count == 0 ? "nothing changed" : $"{And(outcome.Changed)} changed");
        if (outcome.NeedsRestart.Count > 0)
        {
            var keeps = outcome.NeedsRestart.Count == 1 ? "keeps its value" : "keep their values";
            CliLog.ReloadNeedsRestart(_logger, $"{And(outcome.NeedsRestart)} {keeps}");
        }
    }

    private static string And(IReadOnlyList<string> names) =>
        names.Count == 1 ? names[0] : $"{string.Join(", ", names.SkipLast(1))} and {names[^1]}";
}
