using System.Runtime.InteropServices;

namespace PipeServer.Cli;

/// <summary>
/// Takes the signals to stop from the runtime's signal thread itself. The runtime starts a thread for each of them, and where the system gives
/// none it ends the process, instead of the drain that was asked for.
/// </summary>
/// <remarks>
/// There is no public way to do that: <c>PosixSignalRegistration</c> is used to have the runtime watch for the signals, and then what its native
/// half calls is replaced, by an export of <c>libSystem.Native</c> that the runtime uses itself. Where a runtime has no such export, all is as
/// before. One object in a process; every registration of it must be made before.
/// </remarks>
internal sealed partial class SignalRelay
{
    private const int SIGHUP = 1;
    private const int SIGINT = 2;
    private const int SIGQUIT = 3;

    /// <summary>The number of SIGUSR2 on Linux, x64 and arm64; the runtime has no name for it.</summary>
    public const int SIGUSR2 = 12;

    private const int SIGTERM = 15;

    // What a stop needs at once, and one to spare: threads of the pool and the two that look after it, the runtime's timers.
    private const int ThreadsForStop = 5;

    private static SignalRelay? _ofThisProcess;

    private readonly StopSignals _signals;
    private readonly Action _stopHere;
    private readonly Action _hangUp;
    private readonly Action _upgrade;
    private int _count;

    private SignalRelay(StopSignals signals, Action stopHere, Action hangUp, Action upgrade) =>
        (_signals, _stopHere, _hangUp, _upgrade) = (signals, stopHere, hangUp, upgrade);

    /// <summary>True when a signal has come behind the one that could not be followed by threads: the stop is to be cut short.</summary>
    public bool IsForced => Volatile.Read(ref _count) > 1;

    /// <summary>Takes the signals over from now on.</summary>
    /// <param name="signals">Is told of each signal, on a thread of its own, while the system gives enough threads for a stop.</param>
    /// <param name="stopHere">Is called on the signal thread, once, when it does not. Must not wait.</param>
    /// <param name="hangUp">Is called on the signal thread for each SIGHUP. Must neither wait nor throw.</param>
    /// <param name="upgrade">The same for SIGUSR2.</param>
    // SAFETY: the function lives as long as the process, and takes and gives what the runtime's own one does: (int, int) to int.
    public static unsafe SignalRelay Install(StopSignals signals, Action stopHere, Action hangUp, Action upgrade)
    {
        var relay = new SignalRelay(signals, stopHere, hangUp, upgrade);
        if (OperatingSystem.IsLinux())
        {
            _ofThisProcess = relay;
            try
            {
                SystemNative_SetPosixSignalHandler(&OnSignal);
            }
            catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
            {
                // A stop needs a thread more, as the runtime has it.
            }
        }

        return relay;
    }

    /// <summary>
    /// Begins the stop that a signal would begin, but counts as none: a signal behind it, as Kubernetes sends it after its hook, does not cut it short.
    /// </summary>
    /// <param name="drain">Begins it, on a thread of its own, while the system gives enough threads for a stop.</param>
    public void Drain(Action drain)
    {
        if (!ThreadReserve.TryRun(ThreadsForStop, drain))
        {
            _stopHere();
        }
    }

    // On the runtime's signal thread. Not zero: it is dealt with, and the system's own way of dealing with it is not wanted.
    [UnmanagedCallersOnly]
    private static int OnSignal(int number, int signal)
    {
        if (number is not (SIGHUP or SIGINT or SIGQUIT or SIGTERM or SIGUSR2))
        {
            return 0;
        }

        if (number == SIGHUP)
        {
            _ofThisProcess!._hangUp();
        }
        else if (number == SIGUSR2)
        {
            _ofThisProcess!._upgrade();
        }
        else
        {
            _ofThisProcess!.Relay();
        }

        return 1;
    }

    private void Relay()
    {
        if (Volatile.Read(ref _count) > 0 || !ThreadReserve.TryRun(ThreadsForStop, Raise))
        {
            StopHere();
        }
    }

    private void Raise()
    {
        try
        {
            _signals.Raise();
        }
        catch (OutOfMemoryException)
        {
            StopHere(); // others have been faster to take what there was
        }
    }

    private void StopHere()
    {
        if (Interlocked.Increment(ref _count) == 1)
        {
            _stopHere();
        }
    }

    [LibraryImport("libSystem.Native")]
    // SAFETY: see Install.
    private static unsafe partial void SystemNative_SetPosixSignalHandler(delegate* unmanaged<int, int, int> handler);
}
