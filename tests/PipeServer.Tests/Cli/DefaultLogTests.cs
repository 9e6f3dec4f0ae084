using System.Net.Sockets;

namespace PipeServer.Tests.Cli;

/// <summary>
/// A server whose user has set no logger, as a process of its own. Its 500 said that the fault had been logged, and it had not.
/// </summary>
public sealed class DefaultLogTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ps-log-").FullName;

    private string Socket => Path.Combine(_folder, "socket");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_fault_is_one_escaped_line_on_standard_error()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A shell and unix sockets are needed.");
        await using var server = Start("");
        await FaultAsync(1);
        server.Input.Close();
        Assert.Equal(0, await server.EndAsync());
        Assert.Empty(server.Output);
        var line = Assert.Single(server.Errors);
        Assert.StartsWith("PipeServer.Server: error: The handler of GET /fault", line);
        Assert.Contains("System.InvalidOperationException: two\\nlines, \\u001b[2Jan escape, a turn \\u202e back\\n   at ", line);
    }

    [Fact]
    public async Task Many_faults_are_a_few_lines_and_a_count()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A shell and unix sockets are needed.");
        await using var server = Start("");
        await FaultAsync(500);
        server.Input.Close();
        Assert.Equal(0, await server.EndAsync());
        var faults = server.Errors.Count(static line => line.StartsWith("PipeServer.Server: error: "));
        var untold = server.Errors.Where(static line => line.StartsWith("PipeServer: ")).Sum(static line => int.Parse(line.Split(' ')[1], null));
        Assert.Equal(500, faults + untold);
        Assert.InRange(faults, 10, 300); // ten a second
    }

    [Theory]
    [InlineData("", "silent")]
    [InlineData("mkfifo fifo; exec 2<>fifo;", "")] // nobody reads it
    [InlineData("exec 2>/dev/full;", "")]
    [InlineData("exec 2>&-;", "")] // the number is the runtime's then, or a client's
    public async Task Silence_and_a_standard_error_that_takes_nothing_change_no_answer(string setUp, string argument)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "A shell and unix sockets are needed.");
        await using var server = Start(setUp, argument);
        await FaultAsync(200);
        server.Input.Close();
        Assert.Equal(0, await server.EndAsync());
        Assert.Empty(server.Output);
        Assert.Empty(server.Errors);
    }

    private CliProcess Start(string setUp, string argument = "") => CliProcess.StartShell(
        $"cd '{_folder}'; {setUp} exec dotnet exec '{Repository.Assembly("tests/PipeServer.FaultyServer", "FaultyServer")}' '{Socket}' {argument}");

    private async Task FaultAsync(int count)
    {
        await using var client = await TestClient.ConnectWhenListeningAsync(new UnixDomainSocketEndPoint(Socket));
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(500, (await client.RequestAsync(TestClient.Get("/fault"))).Status);
        }
    }
}
