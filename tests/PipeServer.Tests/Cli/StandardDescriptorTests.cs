using System.Net.Sockets;

namespace PipeServer.Tests.Cli;

/// <summary>
/// A process that is started with descriptor 0, 1 or 2 closed gives the number to the next thing that it opens. It did not start then, or
/// wrote its lines into the runtime's own pipe.
/// </summary>
public sealed class StandardDescriptorTests
{
    // Without a folder for temporary files, or with the mark of another process's second start in its environment, it did not start again, and the
    // runtime's own pipe was standard output.
    [Theory]
    [InlineData("export TMPDIR=/nonexistent")]
    [InlineData("export _PIPESERVER_DESCRIPTORS=1")]
    public async Task It_starts_again_whatever_its_environment(string setUp)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is needed.");
        var path = Path.Combine(Path.GetTempPath(), $"ps-{Guid.NewGuid():N}.sock");
        await using var cli = CliProcess.StartShell(
            $"{setUp}; exec 0<&- 1>&- 2>&-; exec {CliProcess.PipeServerCommand} serve '{Repository.Path("wwwroot")}' --address 'unix:{path}'");
        await using (var client = await TestClient.ConnectWhenListeningAsync(new UnixDomainSocketEndPoint(path)))
        {
            Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/"))).Status);
        }

        Assert.All(new[] { 0, 1, 2 }, descriptor => Assert.Equal("/dev/null", new FileInfo($"/proc/{cli.Id}/fd/{descriptor}").LinkTarget));
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
    }

    [Theory]
    [InlineData("0<&-")]
    [InlineData("1>&-")]
    [InlineData("2>&-")]
    [InlineData("0<&- 1>&-")]
    [InlineData("0<&- 2>&-")]
    [InlineData("1>&- 2>&-")]
    [InlineData("0<&- 1>&- 2>&-")]
    public async Task A_closed_descriptor_is_replaced_by_dev_null_and_nothing_of_the_server_takes_its_place(string closed)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "/proc is needed.");
        var begun = TimeProvider.System.GetUtcNow();
        var path = Path.Combine(Path.GetTempPath(), $"ps-{Guid.NewGuid():N}.sock");
        await using var cli = CliProcess.StartShell(
            $"exec {closed}; exec {CliProcess.PipeServerCommand} serve '{Repository.Path("wwwroot")}' --demo --log-level debug --address 'unix:{path}'");
        await using var first = await TestClient.ConnectWhenListeningAsync(new UnixDomainSocketEndPoint(path));
        await using var second = await TestClient.ConnectAsync(new UnixDomainSocketEndPoint(path));
        foreach (var client in new[] { first, second })
        {
            Assert.Equal("Hello, World!", (await client.RequestAsync(TestClient.Get("/worker/plaintext"))).Text);
            Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/"))).Status);
        }

        for (var descriptor = 0; descriptor <= 2; descriptor++)
        {
            var target = new FileInfo($"/proc/{cli.Id}/fd/{descriptor}").LinkTarget;
            if (closed.Contains(descriptor.ToString(System.Globalization.CultureInfo.InvariantCulture)))
            {
                Assert.Equal("/dev/null", target);
            }
            else
            {
                Assert.StartsWith("pipe:", target); // the test's
            }
        }

        await first.DisposeAsync();
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Empty(cli.Errors);
        Assert.Equal(closed.Contains("1>&-"), cli.Output.Count == 0);

        // Of the start before the second one. An older one is of a killed process that once had the same number.
        var left = Directory.GetFiles(Path.GetTempPath(), $"dotnet-diagnostic-{cli.Id}-*");
        Assert.DoesNotContain(left, file => File.GetLastWriteTimeUtc(file) >= begun.AddSeconds(-1).UtcDateTime);
    }
}
