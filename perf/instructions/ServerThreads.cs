using Microsoft.Win32.SafeHandles;
using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>
/// The threads of a server. A request that comes before the last one's threads have gone to sleep saves their sleep and their wake, and how many
/// do depends on what else the machine does: so each is sent when all of them sleep, as on a quiet machine, and the figure is the same on a busy one.
/// </summary>
internal sealed class ServerThreads : IDisposable
{
    // Under valgrind one thread runs at a time; the others that could are asleep too, but then that one is not.
    private const int LooksInARow = 2;

    // Each switch of the counting makes valgrind translate the program anew.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly List<SafeFileHandle> _states;

    /// <summary>Finds the threads that the process has now.</summary>
    public ServerThreads(int process) =>
        _states = [.. Directory.EnumerateDirectories($"/proc/{process}/task").Select(static task => File.OpenHandle($"{task}/stat"))];

    /// <summary>Returns when no thread runs or could run.</summary>
    /// <exception cref="MeasurementException">That has not come for two minutes.</exception>
    public void WaitUntilAllSleep()
    {
        var started = Environment.TickCount64;
        for (var looks = 0; looks < LooksInARow;)
        {
            looks = _states.TrueForAll(static state => State(state) is 'S') ? looks + 1 : 0;
            if (looks == 0)
            {
                _ = Thread.Yield(); // the core is the server's
                if (Environment.TickCount64 - started > Patience.TotalMilliseconds)
                {
                    throw new MeasurementException($"the server does not come to rest: {string.Join(", ", _states.Select(State).Where(static state => state is not 'S'))}.");
                }
            }
        }
    }

    public void Dispose() => _states.ForEach(static state => state.Dispose());

    /// <summary>What a line of /proc/PID/stat says: the letter behind the name, which may have brackets and blanks of its own; <c>?</c> for none.</summary>
    public static char State(ReadOnlySpan<byte> stat)
    {
        var end = stat.LastIndexOf(") "u8);
        return end >= 0 && end + 2 < stat.Length ? (char)stat[end + 2] : '?';
    }

    private static char State(SafeFileHandle state)
    {
        Span<byte> line = stackalloc byte[512];
        try
        {
            return State(line[..RandomAccess.Read(state, line, fileOffset: 0)]);
        }
        catch (IOException)
        {
            return 'S'; // the thread has ended
        }
    }
}
