using System.Diagnostics;
using PipeServer.Instructions;

namespace PipeServer.Tests.Perf;

public sealed class ServerThreadsTests
{
    [Theory]
    [InlineData("7 (worker-1) S 1 7", 'S')]
    [InlineData("7 (worker-1) R 1 7", 'R')]
    [InlineData("7 (worker-1) D 1 7", 'D')]
    [InlineData("7 (odd) R (name) S 1 7", 'S')]
    [InlineData("7 (odd) S (name) R 1 7", 'R')]
    [InlineData("7 (worker-1) ", '?')]
    [InlineData("", '?')]
    public void The_state_of_a_thread_is_the_letter_behind_its_name(string stat, char state) =>
        Assert.Equal(state, ServerThreads.State(System.Text.Encoding.ASCII.GetBytes(stat)));

    [Fact]
    public async Task A_process_that_waits_is_at_rest()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It reads /proc.");
        using var process = Process.Start("sleep", "60");
        try
        {
            using var threads = new ServerThreads(process.Id);
            threads.WaitUntilAllSleep();
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task A_process_that_has_ended_is_waited_for_no_longer()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "It reads /proc.");
        using var process = Process.Start("sleep", "60");
        using var threads = new ServerThreads(process.Id);
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        threads.WaitUntilAllSleep();
    }
}
