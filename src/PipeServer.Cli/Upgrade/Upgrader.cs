using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace PipeServer.Cli.Upgrade;

/// <summary>
/// Starts the program anew in this process's place: the new process gets every listening socket, and this one goes on until that one serves, and after all
/// if it does not. One upgrade at a time. Members may be used from any thread.
/// </summary>
/// <param name="start">How this process was started; null where that is not known.</param>
/// <param name="servers">The servers whose sockets are handed over: the public one, then that of the admin side.</param>
/// <param name="passed">The sockets that this process was given itself.</param>
/// <param name="systemd">Is told who is the main process.</param>
/// <param name="pidFile">Where <c>pipeserver upgrade</c> learns what came of it; or null.</param>
/// <param name="settings">The settings in force.</param>
/// <param name="logger">Gets a line for each upgrade.</param>
internal sealed class Upgrader(
    ProgramStart? start,
    Func<IReadOnlyList<HttpServer>> servers,
    IReadOnlyList<PassedSocket> passed,
    Systemd systemd,
    PidFile? pidFile,
    Func<ServeSettings> settings,
    ILogger logger)
{
    // How long a process may take to stop by itself that is not wanted any more.
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly TaskCompletionSource<int> _handedOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TaskCompletionSource<UpgradeOutcome>? _running;
    private SpawnedProcess? _child;
    private UpgradeChannel? _channel;
    private bool _isOpen;
    private bool _isStopping;

    /// <summary>Completes when another process serves in this one's place, with its number: this one is to drain.</summary>
    public Task<int> HandedOver => _handedOver.Task;

    /// <summary>The server serves, and nobody else from its sockets: it can be upgraded from now on.</summary>
    public void Open()
    {
        lock (_gate)
        {
            _isOpen = true;
        }
    }

    /// <summary>A stop begins: no upgrade any more, and one that is under way is given up. Does not wait.</summary>
    /// <returns>Completes when the process that was to take over is gone.</returns>
    public Task BeginStopAsync()
    {
        lock (_gate)
        {
            _isStopping = true;
            if (!_handedOver.Task.IsCompleted)
            {
                _child?.Terminate();
                _channel?.GiveUp();
            }

            return _running?.Task ?? Task.CompletedTask;
        }
    }

    /// <summary>Begins one. Neither waits nor throws.</summary>
    /// <returns>What came of it.</returns>
    public Task<UpgradeOutcome> UpgradeAsync()
    {
        var upgrade = new TaskCompletionSource<UpgradeOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        string? busy;
        lock (_gate)
        {
            busy = _isStopping || _handedOver.Task.IsCompleted ? "the server stops"
                : _running is not null ? "an upgrade is under way"
                : !_isOpen ? "the server does not serve yet, or the process before it still does"
                : null;
            _running = busy is null ? upgrade : _running;
        }

        if (busy is not null)
        {
            Refuse(new UpgradeOutcome(busy, IsBusy: true));
            return Task.FromResult(new UpgradeOutcome(busy, IsBusy: true));
        }

        try
        {
            new Thread(Run) { IsBackground = true, Name = "upgrade" }.Start();
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            End(new UpgradeOutcome("the system gives no more threads (ulimit -u, TasksMax, pids.max)"));
        }

        return upgrade.Task;
    }

    /// <summary>Why this process cannot be upgraded, whatever the other one is; null when it can.</summary>
    internal static string? FindObstacle(bool isLinux, int processId, ProgramStart? start, bool usesSockets) =>
        !isLinux ? "an upgrade in place is for Linux. Stop this process, and start the other one."
        : processId == 1 ? "this is process 1: its end is the end of the container, and of the new process in it. Start another container in its place."
        : usesSockets ? "the sockets transport cannot hand its sockets over. Start without --transport sockets, once."
        : start is null ? "/proc does not tell how this process was started. Mount it, or stop this process and start the other one."
        : null;

    private void Run()
    {
        UpgradeOutcome outcome;
        try
        {
            outcome = Upgrade();
        }
#pragma warning disable CA1031 // On a thread of its own a fault would end the process, which serves as well as before.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            outcome = new UpgradeOutcome(exception.Message);
        }

        End(outcome);
    }

    private void End(UpgradeOutcome outcome)
    {
        TaskCompletionSource<UpgradeOutcome> upgrade;
        lock (_gate)
        {
            (upgrade, _running, _child, _channel) = (_running!, null, null, null);
            if (outcome.Problem is null)
            {
                CliLog.HandedOver(logger, outcome.ProcessId);
                _handedOver.TrySetResult(outcome.ProcessId);
            }
        }

        if (outcome.Problem is not null)
        {
            Refuse(outcome);
        }

        upgrade.TrySetResult(outcome);
    }

    private void Refuse(UpgradeOutcome outcome)
    {
        CliLog.UpgradeRefused(logger, outcome.Problem!);
        pidFile?.TellFailure(outcome.Problem!);
    }

    private UpgradeOutcome Upgrade()
    {
        if (FindObstacle(OperatingSystem.IsLinux(), Environment.ProcessId, start, settings().UsesSockets) is { } obstacle)
        {
            return new UpgradeOutcome(obstacle);
        }

        var all = servers();
        var sockets = Name(all);
        var (channel, others) = UpgradeChannel.Create();
        using var own = channel;
        SpawnedProcess child;
        using (others)
        {
            channel.TrySend($"{UpgradeChannel.Hello} {Convert.ToBase64String(all[0].ExportTicketKeys())}");
            child = SpawnedProcess.Start(
                start!,
                [
                    $"LISTEN_FDS={sockets.Count}",
                    $"LISTEN_FDNAMES={string.Join(':', sockets.Select(static socket => socket.Name))}",
                    $"{Predecessor.Variable}={Environment.ProcessId}:{PassedSocket.FirstDescriptor + sockets.Count}",
                ],
                [.. sockets.Select(static socket => socket.Socket), others]);
        }

        CliLog.UpgradeBegins(logger, child.Id, start!.Path, sockets.Count);
        lock (_gate)
        {
            (_child, _channel) = (child, channel);
            if (_isStopping)
            {
                child.Terminate();
                channel.GiveUp();
            }
        }

        var problem = TryHandOver(all, channel, child);
        if (problem is null)
        {
            return new UpgradeOutcome(null, child.Id);
        }

        channel.TrySend(UpgradeChannel.Stop);
        child.End(EndPatience);

        // Behind its end: of clients that came meanwhile the system may have told that process alone.
        Share(all, isShared: false);
        return new UpgradeOutcome(problem);
    }

    // What is wrong, in half a sentence; null once the other process serves.
    private string? TryHandOver(IReadOnlyList<HttpServer> all, UpgradeChannel channel, SpawnedProcess child)
    {
        var clock = TimeProvider.System;
        var (started, patience) = (clock.GetTimestamp(), settings().UpgradeTimeout);
        if (Expect(UpgradeChannel.Ready) is { } problem)
        {
            return problem;
        }

        lock (_gate)
        {
            if (_isStopping)
            {
                return "the server stops";
            }

            Share(all, isShared: true);
        }

        systemd.HandOver(child.Id);
        channel.TrySend(UpgradeChannel.Go);
        problem = Expect(UpgradeChannel.Serving);
        if (problem is not null)
        {
            systemd.TakeBack();
        }

        return problem;

        string? Expect(string word)
        {
            var left = patience - clock.GetElapsedTime(started);
            if (!channel.TryReceive(left > TimeSpan.Zero ? left : TimeSpan.Zero, out var line))
            {
                return string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"process {child.Id} was not ready within {patience.TotalSeconds:0.###} s (--upgrade-timeout), and was ended");
            }

            return line == word ? null
                : line?.StartsWith(UpgradeChannel.Failed + " ", StringComparison.Ordinal) == true
                    ? $"the new process says: {line[(UpgradeChannel.Failed.Length + 1)..]}"
                : $"process {child.Id} was not ready: {Ending(child)}";
        }
    }

    // Its end of the channel is closed, so that it has ended, or is about to.
    private static string Ending(SpawnedProcess child)
    {
        string how;
        for (var glances = 0; !child.TryReap(out how) && glances < 100; glances++)
        {
            Thread.Sleep(TimeSpan.FromMilliseconds(10));
        }

        return how;
    }

    private static void Share(IReadOnlyList<HttpServer> all, bool isShared)
    {
        foreach (var server in all)
        {
            server.SharesListeningSockets = isShared;
        }
    }

    // Those of a unit of systemd come first, so that they keep their numbers.
    private List<(string Name, SafeHandle Socket)> Name(IReadOnlyList<HttpServer> all)
    {
        var named = new List<(int Descriptor, string Name, SafeHandle Socket)>();
        var own = new List<(string Name, SafeHandle Socket)>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var group in all[0].ListeningSockets.GroupBy(static socket => socket.Endpoint))
        {
            if (group.Key.Descriptor is { } descriptor)
            {
                named.Add((descriptor, passed.First(socket => socket.Descriptor == descriptor).Name, group.First().Socket));
                continue;
            }

            var name = HandedOverName.OfPublic(group.Key, HandedOverName.Count(seen, HandedOverName.PlaceOf(group.Key)));
            own.AddRange(group.Select(socket => (name, socket.Socket)));
        }

        foreach (var socket in all.Skip(1).SelectMany(static server => server.ListeningSockets))
        {
            own.Add((HandedOverName.OfAdmin(socket.Endpoint), socket.Socket));
        }

        return [.. named.OrderBy(static socket => socket.Descriptor).Select(static socket => (socket.Name, socket.Socket)), .. own];
    }
}
