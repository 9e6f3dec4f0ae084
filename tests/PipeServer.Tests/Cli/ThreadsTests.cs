namespace PipeServer.Tests.Cli;

/// <summary>The threads of the running program: its loops and workers, and nothing that wakes up for nothing.</summary>
public sealed class ThreadsTests
{
    private const int Loops = 2;
    private const int Workers = 3;

    // Two timers kept the runtime's timer thread and two to three threads of its pool awake, and a thread waited for lines that nobody wrote:
    // 14 threads for two cores. The runtime compiles with threads of its own where there is no native file, so there they go by their names.
    [Theory]
    [InlineData("/plaintext")]
    [InlineData("/worker/plaintext")]
    [InlineData("/json")]
    [InlineData("/index.html")]
    public async Task Under_plain_load_there_are_loops_and_workers_and_three_more(string path)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is needed.");
        await using var cli = await CliProcess.ServeAsync("--demo", $"--loops={Loops}", $"--workers={Workers}");
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        await using var other = await TestClient.ConnectAsync(cli.EndPoint);
        var mostThreads = 0;
        var seen = new HashSet<string>();
        var hasRested = false;
        var started = TimeProvider.System.GetTimestamp();

        // Until its first lines are written and their thread has gone, then for a while: as many beats as would have woken a timer.
        await Eventually.TrueAsync(
            async () =>
            {
                Assert.Equal(200, (await client.RequestAsync(TestClient.Get(path))).Status);
                Assert.Equal(200, (await other.RequestAsync(TestClient.Get(path))).Status);
                var names = ThreadNames.Of(cli.Id);
                if (!hasRested)
                {
                    hasRested = !names.Exists(static name => name.StartsWith("standard", StringComparison.Ordinal));
                    started = TimeProvider.System.GetTimestamp();
                    return false;
                }

                seen.UnionWith(names);
                mostThreads = Math.Max(mostThreads, names.Count);
                return TimeProvider.System.GetElapsedTime(started) > TimeSpan.FromSeconds(1.5);
            },
            "the threads have been looked at for a while");
        Assert.DoesNotContain(".NET TP Worker", seen);
        Assert.DoesNotContain(".NET Timer", seen);
        Assert.DoesNotContain(seen, static name => name.StartsWith("standard", StringComparison.Ordinal));
        Assert.True(mostThreads <= Loops + Workers + 3 || !IsNative, $"{mostThreads} threads: {string.Join(", ", seen)}");
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
    }

    private static bool IsNative => Environment.GetEnvironmentVariable("PIPESERVER_CLI") is { Length: > 0 };
}
