using System.Collections.Concurrent;
using System.Diagnostics;

namespace PipeServer.Fuzz;

/// <summary>Runs <see cref="TlsCheck"/> for a time, over every engine that there is, and sees that nothing is left and memory stays flat.</summary>
internal static class TlsFuzz
{
    // More than the noise of a heap with other threads at work; far less than what a leak of a buffer each connection comes to.
    private const long MaxGrowth = 96L << 20;

    /// <summary>The engines that this system has.</summary>
    public static TlsEngine[] Engines => PipeServer.Tls.OpenSsl.OpenSslEngine.IsSupported ? [TlsEngine.OpenSsl, TlsEngine.SslStream] : [TlsEngine.SslStream];

    /// <summary>False when there was a finding, which is printed.</summary>
    /// <param name="time">How long in all.</param>
    /// <param name="seed">Where the random numbers start.</param>
    /// <param name="only">The seed of one connection that alone is made.</param>
    public static async Task<bool> RunAsync(TimeSpan time, int seed, int? only)
    {
        var unobserved = new List<string>();
        TaskScheduler.UnobservedTaskException += OnUnobserved;
        try
        {
            // One after the other, so that a finding over one does not stop the others.
            var isWell = true;
            foreach (var engine in Engines)
            {
                foreach (var transport in new[] { "memory", "epoll" })
                {
                    var problem = await RunAsync(engine, transport, time / (2 * Engines.Length), seed, only);
                    GC.Collect();
                    GC.WaitForPendingFinalizers();
                    lock (unobserved)
                    {
                        problem ??= unobserved.FirstOrDefault();
                        unobserved.Clear();
                    }

                    if (problem is not null)
                    {
                        Console.WriteLine($"tls, {engine} over {transport}: a finding: {problem}");
                        isWell = false;
                    }
                }
            }

            return isWell;
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= OnUnobserved;
        }

        // Those of the server: what a client's fails with, that is cut off, is its own.
        void OnUnobserved(object? sender, UnobservedTaskExceptionEventArgs e)
        {
            var text = e.Exception.ToString();
            if (text.Contains("PipeServer.Server.", StringComparison.Ordinal) || text.Contains("PipeServer.Tls.", StringComparison.Ordinal))
            {
                lock (unobserved)
                {
                    unobserved.Add($"an exception that nobody has looked at: {text}");
                }
            }
        }
    }

    private static async Task<string?> RunAsync(TlsEngine engine, string transport, TimeSpan time, int seed, int? only)
    {
        await using var check = await TlsCheck.StartAsync(engine, transport);
        var clock = Stopwatch.StartNew();
        var count = 0L;
        string? found = null;
        var running = new ConcurrentDictionary<int, TimeSpan>();

        // They wait most of the time.
        var fuzzers = Enumerable.Range(0, only is null ? Environment.ProcessorCount * 8 : 1).Select(number => Task.Run(async () =>
        {
            for (var round = 0; clock.Elapsed < time && Volatile.Read(ref found) is null && (only is null || round == 0); round++)
            {
                var one = only ?? HashCode.Combine(seed, number, round);
                running[one] = clock.Elapsed;
                var problem = await Finding.OfAsync(() => check.FindAsync(one));
                running.TryRemove(one, out _);
                Interlocked.Increment(ref count);
                if (problem is not null)
                {
                    Interlocked.CompareExchange(ref found, $"--case {one}: {problem}", null);
                }
            }
        })).ToList();
        var all = Task.WhenAll(fuzzers);
        var atStart = 0L;
        while (await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(10))) != all)
        {
            Console.WriteLine($"tls, {engine} over {transport}: {Volatile.Read(ref count):N0} in {clock.Elapsed.TotalSeconds:F0} s, {Finding.Resident() >> 20} MiB resident");
            foreach (var (one, since) in running.Where(item => clock.Elapsed - item.Value > TimeSpan.FromSeconds(5)))
            {
                Console.WriteLine($"tls, {engine} over {transport}: --case {one} has been running for {(clock.Elapsed - since).TotalSeconds:F0} s");
            }

            atStart = atStart == 0 && clock.Elapsed > time / 3 ? Finding.Resident() : atStart; // warm by then
        }

        await all;
        var growth = atStart == 0 ? 0 : Finding.Resident() - atStart;
        found ??= await check.EndAsync();
        found ??= growth > MaxGrowth ? $"memory has grown by {growth >> 20} MiB in the last two thirds of the time" : null;
        Console.WriteLine($"tls: {count} requests or streams in {clock.Elapsed.TotalSeconds:F0} s, {engine} over {transport}, {(found is null ? "nothing found" : "a finding")}");
        return found;
    }
}
