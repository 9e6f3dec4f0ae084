using System.Runtime.InteropServices;

namespace PipeServer;

/// <summary>
/// The signals that ask a process to stop, as two steps: the first SIGINT, SIGTERM or SIGQUIT asks for a graceful stop, any further one for
/// a stop at once. While an object of this class lives, none of the three ends the process by itself.
/// </summary>
/// <remarks>
/// <see cref="HttpServer.RunAsync(CancellationToken)"/> has one of its own; this class is for programs that start and stop by themselves. Every
/// object sees every signal, so one signal stops all servers of a process. On Windows these are Ctrl+C, Ctrl+Break and the end of the session.
/// No console is needed. SIGHUP is left as it is. Thread-safe.
/// </remarks>
#pragma warning disable CA1001 // The source is not disposed: a signal that is being delivered may still cancel it, and there is nothing to release.
public sealed class StopSignals : IDisposable
#pragma warning restore CA1001
{
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _force = new();
    private readonly PosixSignalRegistration[] _registrations;
    private int _count;

    /// <summary>Takes the signals over, until <see cref="Dispose"/>.</summary>
    public StopSignals() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnStop),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnStop),
        PosixSignalRegistration.Create(PosixSignal.SIGQUIT, OnStop),
    ];

    /// <summary>Completes with the first signal.</summary>
    public Task Stop => _stop.Task;

    /// <summary>Cancelled by the second signal: what <see cref="HttpServer.StopAsync"/> takes to cut its drain short.</summary>
    public CancellationToken Force => _force.Token;

    /// <summary>Gives the signals back: from now on they do what they would do without this object.</summary>
    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void OnStop(PosixSignalContext context)
    {
        context.Cancel = true;
        Raise();
    }

    /// <summary>What a signal does, for a program that gets it in another way.</summary>
    internal void Raise()
    {
        if (Interlocked.Increment(ref _count) == 1)
        {
            _stop.TrySetResult();
        }
        else
        {
            _force.Cancel();
        }
    }
}
