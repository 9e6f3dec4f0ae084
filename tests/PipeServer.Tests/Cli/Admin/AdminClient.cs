using System.Net;

namespace PipeServer.Tests.Cli.Admin;

/// <summary>Asks the admin side of a program that has been started.</summary>
internal static class AdminClient
{
    /// <summary>Where it is, as the program has told.</summary>
    public static async Task<IPEndPoint> AdminAsync(this CliProcess cli)
    {
        await Eventually.TrueAsync(() => cli.Output.Any(static line => line.StartsWith("Admin on http://")), "the admin side listens");
        return IPEndPoint.Parse(cli.Output.First(static line => line.StartsWith("Admin on http://"))["Admin on http://".Length..]);
    }

    /// <summary>One request on a connection of its own.</summary>
    public static async Task<TestResponse> AskAsync(EndPoint place, string line, params string[] headers)
    {
        await using var client = await TestClient.ConnectAsync(place);
        var lines = headers.Any(static header => header.StartsWith("Host:")) ? headers : ["Host: localhost", .. headers];
        return await client.RequestAsync($"{line} HTTP/1.1\r\n{string.Concat(lines.Select(static header => header + "\r\n"))}\r\n");
    }

    /// <summary>A change, as it is meant to be asked for.</summary>
    public static Task<TestResponse> PostAsync(EndPoint place, string path) => AskAsync(place, $"POST {path}", "X-PipeServer-Admin: 1");
}
