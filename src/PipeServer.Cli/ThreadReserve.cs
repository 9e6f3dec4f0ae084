namespace PipeServer.Cli;

/// <summary>Finds out whether the system would give so many more threads, by asking for them.</summary>
internal static class ThreadReserve
{
    /// <summary>Starts so many threads, lets one of them run something, and all end.</summary>
    /// <returns>False, and nothing run, where the system did not give all of them.</returns>
    public static bool TryRun(int count, Action action)
    {
        var gate = new object();
        bool? areThere = null;
        var hasRun = false;
        var started = 0;
        try
        {
            for (; started < count; started++)
            {
                new Thread(Run) { IsBackground = true }.Start();
            }
        }
        catch (Exception exception) when (exception is OutOfMemoryException or ThreadStartException)
        {
            // The limit.
        }

        lock (gate)
        {
            areThere = started == count;
            Monitor.PulseAll(gate);
        }

        return areThere.Value;

        void Run()
        {
            lock (gate)
            {
                while (areThere is null)
                {
                    Monitor.Wait(gate);
                }

                if (!areThere.Value || hasRun)
                {
                    return;
                }

                hasRun = true;
            }

            action();
        }
    }
}
