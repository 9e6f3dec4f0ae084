using System.Net;
using System.Net.Sockets;

namespace PipeServer.SampleTests;

/// <summary>What a sample says to who starts it wrongly: what is wrong, and no stack trace.</summary>
public sealed class ArgumentTests
{
    public static TheoryData<string> WithPort => Sample.WithPort;

    public static TheoryData<string> All => [.. Sample.WithPort.Select(static row => row.Data), .. Sample.WithUrls.Select(static row => row.Data)];

    [Theory]
    [MemberData(nameof(WithPort))]
    public async Task What_is_no_port_is_told_how_to_name_one(string name)
    {
        await using var process = CliProcess.Start(Sample.Assembly(name), "65536");
        Assert.Equal(2, await process.EndAsync());
        Assert.Contains(process.Errors, line => line.StartsWith($"Usage: {name} "));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task A_port_that_is_taken_is_a_message_and_an_exit_code(string name)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        string[] arguments = Sample.WithUrls.Any(row => row.Data == name) ? ["--urls", $"http://127.0.0.1:{port}"] : [$"{port}"];
        await using var process = CliProcess.Start(Sample.Assembly(name), arguments);
        Assert.Equal(1, await process.EndAsync());
        var errors = string.Join('\n', process.Errors);
        Assert.Contains($"{port}", errors);
        Assert.DoesNotContain("Unhandled exception", errors);
    }
}
