using System.Runtime.InteropServices;

namespace PipeServer.Cli;

/// <summary>SIGINT, SIGTERM and SIGQUIT: the first asks for a graceful stop, any further one for a stop at once.</summary>
#pragma warning disable CA1001 // Lives as long as the process: without it the next signal would be deadly.
internal sealed class StopSignals
#pragma warning restore CA1001
{
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _force = new();
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _count;

    public StopSignals()
    {
        foreach (var signal in new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT })
        {
            _registrations.Add(PosixSignalRegistration.Create(signal, OnStop));
        }

        // A closed terminal is no reason to stop serving.
        _registrations.Add(PosixSignalRegistration.Create(PosixSignal.SIGHUP, static context => context.Cancel = true));
    }

    /// <summary>Completes with the first signal.</summary>
    public Task Stop => _stop.Task;

    /// <summary>Cancelled by the second signal.</summary>
    public CancellationToken Force => _force.Token;

    private void OnStop(PosixSignalContext context)
    {
        context.Cancel = true;
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
