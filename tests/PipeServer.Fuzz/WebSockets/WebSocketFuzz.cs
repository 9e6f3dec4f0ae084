using System.Diagnostics;

namespace PipeServer.Fuzz.WebSockets;

/// <summary>Runs <see cref="WebSocketCheck"/> for a time over each transport, cuts a finding down, and sees that nothing is left and memory stays flat.</summary>
internal static class WebSocketFuzz
{
    // More than the noise of a heap with other threads at work; far less than what a leak of a buffer each connection comes to.
    private const long MaxGrowth = 96L << 20;

    /// <summary>False when there was a finding, which is printed and saved.</summary>
    /// <param name="time">How long in all.</param>
    /// <param name="seed">Where the random numbers start.</param>
    /// <param name="only">The number of one connection that alone is made.</param>
    public static async Task<bool> RunAsync(TimeSpan time, int seed, int? only)
    {
        string[] transports = OperatingSystem.IsLinux() ? ["memory", "epoll", "sockets"] : ["memory", "sockets"];
        var isWell = true;
        foreach (var transport in transports)
        {
            var problem = await RunAsync(transport, time / transports.Length, seed, only);
            if (problem is not null)
            {
                Console.WriteLine($"websocket over {transport}: a finding: {problem}");
                isWell = false;
            }
        }

        return isWell;
    }

    private static async Task<string?> RunAsync(string transport, TimeSpan time, int seed, int? only)
    {
        await using var check = await WebSocketCheck.StartAsync(transport);
        var clock = Stopwatch.StartNew();
        var count = 0L;
        string? found = null;

        // They wait most of the time.
        var fuzzers = Enumerable.Range(0, only is null ? Environment.ProcessorCount * 8 : 1).Select(number => Task.Run(async () =>
        {
            for (var round = 0; clock.Elapsed < time && Volatile.Read(ref found) is null && (only is null || round == 0); round++)
            {
                var one = only ?? HashCode.Combine(seed, transport.Length, number, round);
                var attack = WebSocketCheck.AttackOf(one);
                var problem = await Finding.OfAsync(() => check.FindAsync(attack));
                Interlocked.Increment(ref count);
                if (problem is not null && Interlocked.CompareExchange(ref found, $"--case {one}: {problem}", null) is null)
                {
                    Console.WriteLine($"websocket over {transport}: --case {one}: {problem}");
                    found += await CutDownAsync(transport, attack);
                }
            }
        })).ToList();
        var all = Task.WhenAll(fuzzers);
        var atStart = 0L;
        while (await Task.WhenAny(all, Task.Delay(TimeSpan.FromSeconds(10))) != all)
        {
            Console.WriteLine($"websocket over {transport}: {Volatile.Read(ref count):N0} in {clock.Elapsed.TotalSeconds:F0} s, {Finding.Resident() >> 20} MiB resident");
            atStart = atStart == 0 && clock.Elapsed > time / 3 ? Finding.Resident() : atStart; // warm by then
        }

        await all;
        var growth = atStart == 0 ? 0 : Finding.Resident() - atStart;
        found ??= await check.EndAsync();
        found ??= growth > MaxGrowth ? $"memory has grown by {growth >> 20} MiB in the last two thirds of the time" : null;
        Console.WriteLine($"websocket: {count} requests or streams in {clock.Elapsed.TotalSeconds:F0} s, over {transport}, {(found is null ? "nothing found" : "a finding")}");
        return found;
    }

    // Against a server of its own: the other one may have been left in disorder.
    private static async Task<string> CutDownAsync(string transport, WebSocketAttack attack)
    {
        var smallest = attack with
        {
            Bytes = await Finding.CutDownAsync(attack.Bytes, async smaller =>
            {
                await using var fresh = await WebSocketCheck.StartAsync(transport);
                return await Finding.OfAsync(() => fresh.FindAsync(attack with { Bytes = smaller }));
            }),
        };
        await using var last = await WebSocketCheck.StartAsync(transport);
        return $"\ncut down: {await Finding.OfAsync(() => last.FindAsync(smallest)) ?? "it does not come again"}\n  {smallest.Path} {smallest.Splits} {Convert.ToHexStringLower(smallest.Bytes)}\nsaved as {smallest.Save()}";
    }
}
