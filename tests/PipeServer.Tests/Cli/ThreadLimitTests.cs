using System.Diagnostics;
using PipeServer.Tests.Cli.Admin;

namespace PipeServer.Tests.Cli;

/// <summary>
/// The native file, and a user who may have no further thread (RLIMIT_NPROC; a container's pids.max does the same): the runtime starts a thread
/// for each signal and more for the stop, and ended the process with SIGABRT instead of the drain that was asked for.
/// </summary>
public sealed class ThreadLimitTests : IDisposable
{
    private const int User = 12345; // one that has no other process

    private readonly string _folder = Directory.CreateTempSubdirectory("ps-threads-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_signal_drains_without_a_thread()
    {
        await using var cli = await ServeAsync();
        await using var idle = await TestClient.ConnectAsync(cli.EndPoint);
        Assert.Equal(200, (await idle.RequestAsync(TestClient.Get("/plaintext"))).Status);
        await using var reading = await TestClient.ConnectAsync(cli.EndPoint);
        await reading.SendAsync("GET /plaintext HTTP/1.1\r\nHo");
        await Task.Delay(50); // nothing tells that half a head has arrived
        await LimitAsync(cli);
        cli.Signal(CliProcess.SigTerm);
        await Eventually.TrueAsync(() => cli.Output.Contains("Shutting down."), "the stop has begun");
        await reading.SendAsync("st: a\r\n\r\n");
        Assert.Equal((200, "close"), await reading.ReadResponseAsync() is var response ? (response.Status, response["Connection"]) : default);
        Assert.Empty(await idle.ReadToEndAsync());
        await idle.DisposeAsync();
        await reading.DisposeAsync();
        Assert.Equal(0, await cli.EndAsync());
        Assert.StartsWith("pipeserver: warning: the system gives no more threads", Assert.Single(cli.Errors));
        Assert.StartsWith("Stopped (drained)", cli.Output[^1]);
        Assert.Contains("2 accepted, 2 closed, 0 aborted", cli.Output[^1]);
    }

    // Open: the process still ends with 1 and the line of an OutOfMemoryException instead of 2, with the handler of /echo inside its body.
    [Fact(Skip = "Open: it ends with 1 instead of 2; see the comment.")]
    public async Task A_second_signal_cuts_that_short()
    {
        await using var cli = await ServeAsync();
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        await client.SendAsync("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
        Assert.StartsWith("HTTP/1.1 200", await client.ReadLineAsync());
        await LimitAsync(cli);
        cli.Signal(CliProcess.SigTerm);
        await Eventually.TrueAsync(() => cli.Output.Contains("Shutting down."), "the stop has begun");
        cli.Signal(CliProcess.SigInt);
        Assert.Equal(2, await cli.EndAsync());
        Assert.StartsWith("Stopped (forced)", cli.Output[^1]);
    }

    // A read of a body that had to go on on the thread pool was told to nobody: its handler waited for ever, and its connection stood in the ledger.
    [Fact]
    public async Task A_body_that_has_no_thread_to_go_on_ends_its_request_and_no_other()
    {
        await using var cli = await ServeAsync();
        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        await client.SendAsync("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\na");
        Assert.StartsWith("HTTP/1.1 200", await client.ReadLineAsync());
        await LimitAsync(cli);
        await client.SendAsync("b");
        try
        {
            await client.ReadToEndAsync();
        }
        catch (IOException)
        {
            // A reset: half an answer.
        }

        await client.DisposeAsync();
        await using var other = await TestClient.ConnectAsync(cli.EndPoint);
        Assert.Equal(200, (await other.RequestAsync(TestClient.Get("/plaintext"))).Status);
        await other.DisposeAsync();
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
        Assert.Contains("2 accepted, 1 closed, 1 aborted", cli.Output[^1]);
    }

    // It has a thread of its own where there is one.
    [Fact]
    public async Task A_reload_needs_no_thread()
    {
        await using var cli = await ServeAsync();
        await LimitAsync(cli);
        await File.WriteAllTextAsync(Path.Combine(_folder, "50x.html"), "sorry");
        foreach (var expected in new[] { "Reloaded: 50x.html changed.", "Reloaded: nothing changed." })
        {
            cli.Signal(CliProcess.SigHup);
            await Eventually.TrueAsync(() => cli.Output.Any(line => line.EndsWith(expected, StringComparison.Ordinal)), expected);
        }

        await using var client = await TestClient.ConnectAsync(cli.EndPoint);
        Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/plaintext"))).Status);
        await client.DisposeAsync();
        cli.Signal(CliProcess.SigTerm);
        Assert.Equal(0, await cli.EndAsync());
    }

    // The stop that it asks for waited for a thread of the runtime's pool, which never came: 202, and nothing happened.
    [Fact]
    public async Task A_drain_by_post_needs_no_thread_either()
    {
        await using var cli = await ServeAsync("--admin 0");
        var admin = await cli.AdminAsync();
        await using (var client = await TestClient.ConnectAsync(cli.EndPoint))
        {
            Assert.Equal(200, (await client.RequestAsync(TestClient.Get("/plaintext"))).Status);
        }

        await LimitAsync(cli);
        Assert.Equal(202, (await AdminClient.PostAsync(admin, "/drain")).Status);
        Assert.Equal(0, await cli.EndAsync());
        Assert.StartsWith("Stopped (drained)", cli.Output[^1]);
        Assert.Contains("1 accepted, 1 closed, 0 aborted", cli.Output[^1]);
    }

    private static async Task LimitAsync(CliProcess cli)
    {
        using var limiting = Process.Start(
            "setpriv", ["--reuid", $"{User}", "--regid", $"{User}", "--clear-groups", "prlimit", "--pid", $"{cli.Id}", "--nproc=1:1"]);
        await limiting.WaitForExitAsync();
        Assert.Equal(0, limiting.ExitCode);
    }

    private async Task<CliProcess> ServeAsync(string options = "")
    {
        Assert.SkipUnless(ProgramUnderTest.PipeServer.IsPublished, "The native file is needed (PIPESERVER_CLI): a JIT needs threads of its own at any time.");
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root may change the user, and root has no such limit.");
        Assert.SkipUnless(File.Exists("/usr/bin/setpriv") && File.Exists("/usr/bin/prlimit"), "util-linux is needed.");

        // Where the other user may read it.
        var program = Path.Combine(_folder, "pipeserver");
        File.Copy(CliProcess.PipeServer, program);
        await File.WriteAllTextAsync(Path.Combine(_folder, "index.html"), "hello");
        var cli = CliProcess.StartShell(
            $"chmod -R a+rX '{_folder}' && exec setpriv --reuid {User} --regid {User} --clear-groups '{program}' serve '{_folder}' --demo --port 0 --loops 1 --grace 60 {options}");
        await cli.ListeningAsync();

        // The thread of the first lines rests for a second before it ends.
        await Eventually.TrueAsync(
            () => !ThreadNames.Of(cli.Id).Any(static name => name.StartsWith("standard", StringComparison.Ordinal)),
            "the threads of the start have gone");
        return cli;
    }
}
