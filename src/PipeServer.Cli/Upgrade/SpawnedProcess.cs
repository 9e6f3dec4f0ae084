using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using PipeServer.Platform;

namespace PipeServer.Cli.Upgrade;

/// <summary>
/// A child process, started by posix_spawn(3): no managed code runs between a fork and an exec. It gets the standard streams and the descriptors that it is
/// given, from 3 on, and no other one; no signal is blocked in it. Members may be used by one thread at a time, but for <see cref="Terminate"/>.
/// </summary>
internal sealed unsafe partial class SpawnedProcess // SAFETY: see Start, which alone has pointers; they are of memory that is pinned or on its stack frame.
{
    private const int F_DUPFD_CLOEXEC = 1030;
    private const int POSIX_SPAWN_SETSIGDEF = 0x04;
    private const int POSIX_SPAWN_SETSIGMASK = 0x08;
    private const int SIGKILL = 9;
    private const int SIGPIPE = 13;
    private const int SIGTERM = 15;
    private const int WNOHANG = 1;

    // Of glibc on 64-bit systems: posix_spawn_file_actions_t has 80 bytes, posix_spawnattr_t 336, sigset_t 128. Room for more, in words.
    private const int ActionsWords = 64;
    private const int AttributesWords = 128;
    private const int SignalSetWords = 16;

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private bool _isReaped;

    private SpawnedProcess(int id) => Id = id;

    /// <summary>Its number. It is nobody else's before <see cref="TryReap"/> or <see cref="End"/> has taken note of its end.</summary>
    public int Id { get; }

    /// <summary>Starts it.</summary>
    /// <param name="start">The program, its arguments, its variables.</param>
    /// <param name="variables">More of them, NAME=VALUE.</param>
    /// <param name="descriptors">What gets the numbers from 3 on, in this order.</param>
    /// <exception cref="IOException">It cannot be started; the message says why.</exception>
    // SAFETY: the words are pinned by their handles until the call is over; the structures are on this stack frame, larger than the system's.
    public static SpawnedProcess Start(ProgramStart start, IEnumerable<string> variables, IReadOnlyList<SafeHandle> descriptors)
    {
        var pins = new List<GCHandle>();
        var copies = new List<int>();
        var actions = stackalloc ulong[ActionsWords];
        var attributes = stackalloc ulong[AttributesWords];
        var signals = stackalloc ulong[SignalSetWords];
        new Span<ulong>(signals, SignalSetWords).Clear();
        Check(posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init");
        Check(posix_spawnattr_init(attributes), "posix_spawnattr_init");
        try
        {
            var firstFree = PassedSocket.FirstDescriptor + descriptors.Count;
            foreach (var descriptor in descriptors)
            {
                // Above all the numbers that they are to get: a copy to its own number would stay close-on-exec, and one might fall on another.
                var copy = fcntl(descriptor, F_DUPFD_CLOEXEC, firstFree);
                if (copy < 0)
                {
                    throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
                }

                Check(posix_spawn_file_actions_adddup2(actions, copy, PassedSocket.FirstDescriptor + copies.Count), "posix_spawn_file_actions_adddup2");
                copies.Add(copy);
            }

            CloseFrom(actions, firstFree);
            Check(posix_spawnattr_setsigmask(attributes, signals), "posix_spawnattr_setsigmask");
            signals[0] = 1UL << (SIGPIPE - 1); // the runtime ignores it, and what is ignored would stay so
            Check(posix_spawnattr_setsigdefault(attributes, signals), "posix_spawnattr_setsigdefault");
            Check(posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK), "posix_spawnattr_setflags");
            var path = Pin(Encoding.UTF8.GetBytes(start.Path + '\0'), pins);
            var arguments = PinAll(start.Arguments, pins);
            var environment = PinAll(start.Environment.Concat(variables.Select(static variable => Encoding.UTF8.GetBytes(variable + '\0'))), pins);
            int id;
            fixed (nint* firstArgument = arguments, firstVariable = environment)
            {
                Check(posix_spawn(&id, (byte*)path, actions, attributes, firstArgument, firstVariable), start.Path);
            }

            return new SpawnedProcess(id);
        }
        finally
        {
            _ = posix_spawnattr_destroy(attributes);
            _ = posix_spawn_file_actions_destroy(actions);
            copies.ForEach(static copy => _ = close(copy));
            pins.ForEach(static pin => pin.Free());
        }
    }

    /// <summary>Takes note of its end, if it has ended.</summary>
    /// <param name="how">How: half a sentence.</param>
    public bool TryReap(out string how)
    {
        lock (_gate)
        {
            how = "it has ended";
            if (_isReaped)
            {
                return true;
            }

            int status;
            int result;
            do
            {
                result = waitpid(Id, &status, WNOHANG);
            }
            while (result < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);
            if (result == 0)
            {
                return false;
            }

            _isReaped = true;
            if (result == Id)
            {
                var signal = status & 0x7F;
                how = signal == 0 ? $"it ended with exit code {(status >> 8) & 0xFF}" : $"it was ended by signal {signal}";
            }

            return true;
        }
    }

    /// <summary>Asks it to stop. From any thread; does nothing once its end has been noted.</summary>
    public void Terminate() => Send(SIGTERM);

    /// <summary>Asks it to stop, and ends it when it has not within some time. Afterwards it is gone.</summary>
    /// <param name="patience">How long it may take to stop by itself.</param>
    public void End(TimeSpan patience)
    {
        Terminate();
        var started = Stopwatch.GetTimestamp();
        while (!TryReap(out _))
        {
            if (Stopwatch.GetElapsedTime(started) > patience)
            {
                Send(SIGKILL);
            }

            Thread.Sleep(Glance);
        }
    }

    private void Send(int signal)
    {
        lock (_gate)
        {
            if (!_isReaped)
            {
                _ = kill(Id, signal);
            }
        }
    }

    private static void CloseFrom(ulong* actions, int first)
    {
        try
        {
            Check(posix_spawn_file_actions_addclosefrom_np(actions, first), "posix_spawn_file_actions_addclosefrom_np");
        }
        catch (EntryPointNotFoundException)
        {
            // An older C library, or another one: what this process has opened itself is close-on-exec.
        }
    }

    private static nint Pin(byte[] bytes, List<GCHandle> pins)
    {
        pins.Add(GCHandle.Alloc(bytes, GCHandleType.Pinned));
        return pins[^1].AddrOfPinnedObject();
    }

    private static nint[] PinAll(IEnumerable<byte[]> words, List<GCHandle> pins) => [.. words.Select(word => Pin(word, pins)), 0];

    private static void Check(int error, string what)
    {
        if (error != 0)
        {
            throw new IOException($"{what}: {Marshal.GetPInvokeErrorMessage(error)}");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeHandle descriptor, int command, int argument);

    [LibraryImport("libc")]
    private static partial int close(int descriptor);

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int process, int* status, int options);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(ulong* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(ulong* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(ulong* actions, int descriptor, int copy);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addclosefrom_np(ulong* actions, int first);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(ulong* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(ulong* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(ulong* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(ulong* attributes, ulong* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(ulong* attributes, ulong* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* process, byte* path, ulong* actions, ulong* attributes, nint* arguments, nint* environment);
}
