using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace PipeServer.Fuzz.Http2Fuzz;

/// <summary>Runs <see cref="Http2Check"/> for a time over each transport, cuts a finding down, and sees that nothing is left and memory stays flat.</summary>
internal static class Http2FuzzRun
{
    // More than the noise of a heap with other threads at work; far less than what a leak of a buffer each connection comes to.
    private const long MaxGrowth = 96L << 20;

    /// <summary>False when there was a finding, which is printed and saved.</summary>
    /// <param name="time">How long in all.</param>
    /// <param name="seed">Where the random numbers start.</param>
    /// <param name="only">The number of one connection that alone is made.</param>
    /// <param name="goesOn">A finding does not end it: each kind of them is printed once, and none is cut down.</param>
    /// <param name="isTls">Over TLS, by each engine, instead of in clear text.</param>
    public static async Task<bool> RunAsync(TimeSpan time, int seed, int? only, bool isTls, bool goesOn)
    {
        string[] transports = isTls ? [OperatingSystem.IsLinux() ? "epoll" : "sockets"] : OperatingSystem.IsLinux() ? ["memory", "epoll", "sockets"] : ["memory", "sockets"];
        var runs = isTls
            ? TlsFuzz.Engines.Select(engine => (Transport: engine == TlsEngine.SslStream ? "sockets" : transports[0], Engine: (TlsEngine?)engine)).ToList()
            : transports.Select(static transport => (Transport: transport, Engine: (TlsEngine?)null)).ToList();
        var isWell = true;
        foreach (var (transport, engine) in runs)
        {
            var problem = await RunAsync(transport, engine, time / runs.Count, seed, only, goesOn);
            if (problem is not null)
            {
                Console.WriteLine($"http2 over {transport} {engine}: a finding: {problem}");
                isWell = false;
            }
        }

        return isWell;
    }

    private static async Task<string?> RunAsync(string transport, TlsEngine? engine, TimeSpan time, int seed, int? only, bool goesOn)
    {
        await using var check = await Http2Check.StartAsync(transport, engine);
        var clock = Stopwatch.StartNew();
        var count = 0L;
        string? found = null;
        var kinds = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);

        // They wait most of the time.
        var fuzzers = Enumerable.Range(0, only is null ? Environment.ProcessorCount * 8 : 1).Select(number => Task.Run(async () =>
        {
            for (var round = 0; clock.Elapsed < time && Volatile.Read(ref found) is null && (only is null || round == 0); round++)
            {
                var one = only ?? Case(seed, transport, number, round);
                var attack = Http2Attack.Of(one);
                var problem = await Finding.OfAsync(() => check.FindAsync(attack));
                Interlocked.Increment(ref count);
                if (problem is not null && goesOn)
                {
                    if (kinds.AddOrUpdate(KindOf(problem), 1, static (_, times) => times + 1) == 1)
                    {
                        Console.WriteLine($"http2 over {transport} {engine}, --seed {seed}: --case {one}: {problem}\n");
                    }
                }
                else if (problem is not null && Interlocked.CompareExchange(ref found, $"--case {one}: {problem}", null) is null)
                {
                    Console.WriteLine($"http2 over {transport} {engine}, --seed {seed}: --case {one}: {problem}");
                    found += await CutDownAsync(transport, engine, attack);
                }
            }
        })).ToList();
        var all = Task.WhenAll(fuzzers);
        var atStart = 0L;
        while (await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(10))) != all)
        {
            Console.WriteLine($"http2 over {transport} {engine}: {Volatile.Read(ref count):N0} in {clock.Elapsed.TotalSeconds:F0} s, {Finding.Resident() >> 20} MiB resident");
            atStart = atStart == 0 && clock.Elapsed > time / 3 ? Finding.Resident() : atStart; // warm by then
        }

        await all;
        var growth = atStart == 0 ? 0 : Finding.Resident() - atStart;
        found ??= await check.EndAsync();
        found ??= kinds.IsEmpty ? null : string.Join("; ", kinds.Select(static kind => $"{kind.Value} × {kind.Key}"));
        found ??= growth > MaxGrowth ? $"memory has grown by {growth >> 20} MiB in the last two thirds of the time" : null;
        Console.WriteLine($"http2: {count} requests or streams in {clock.Elapsed.TotalSeconds:F0} s, over {transport} {engine}, {(found is null ? "nothing found" : "a finding")}");
        return found;
    }

    /// <summary>Holds a server of somebody else against the reference, one connection after the other; prints each kind of difference once.</summary>
    public static async Task<bool> AgainstAsync(int port, TimeSpan time, int seed, int? only)
    {
        var clock = Stopwatch.StartNew();
        var kinds = new Dictionary<string, int>(StringComparer.Ordinal);
        var round = 0;
        for (; clock.Elapsed < time && (only is null || round == 0); round++)
        {
            var one = only ?? Case(seed, "against", 0, round);
            var attack = Http2Attack.Of(one);
            using var end = await ClientEnd.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port));
            var problem = await new Http2FuzzConnection(end.Stream, end.EndSending, attack, Http2Reference.Expect(attack.Bytes).OfStranger()).RunAsync();
            var kind = problem is null ? "" : KindOf(problem);
            if (problem is not null && kinds.TryAdd(kind, 0))
            {
                Console.WriteLine($"--case {one}: {problem}\n");
            }

            kinds[kind] = kinds.GetValueOrDefault(kind) + 1;
        }

        Console.WriteLine($"{round} connections; {string.Join("; ", kinds.Select(static kind => $"{kind.Value} × {(kind.Key.Length == 0 ? "as expected" : kind.Key)}"))}");
        return kinds.Keys.All(static kind => kind.Length == 0);
    }

    private static string KindOf(string problem) => string.Concat(problem.Split(';', '\n')[0].Where(static letter => !char.IsAsciiDigit(letter)));

    // HashCode.Combine is another function in each process.
    private static int Case(int seed, string transport, int number, int round) =>
        unchecked((((((seed * 31) + transport.Length) * 1_000_003) + number) * 1_000_003) + round) & int.MaxValue;

    // Against a server of its own: the other one may have been left in disorder.
    private static async Task<string> CutDownAsync(string transport, TlsEngine? engine, Http2Attack attack)
    {
        var smallest = attack with
        {
            Bytes = await Finding.CutDownAsync(attack.Bytes, async smaller =>
            {
                await using var fresh = await Http2Check.StartAsync(transport, engine);
                return await Finding.OfAsync(() => fresh.FindAsync(attack with { Bytes = smaller }));
            }),
        };
        await using var last = await Http2Check.StartAsync(transport, engine);
        return $"\ncut down: {await Finding.OfAsync(() => last.FindAsync(smallest)) ?? "it does not come again"}\n  {smallest.Splits} {Convert.ToHexStringLower(smallest.Bytes)}\nsaved as {smallest.Save()}";
    }
}
