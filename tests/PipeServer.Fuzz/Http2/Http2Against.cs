using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace PipeServer.Fuzz.Http2;

/// <summary>Runs the table of cases against any server that speaks HTTP/2 by prior knowledge and has <c>/index.html</c> of eleven bytes.</summary>
internal static class Http2Against
{
    /// <param name="peer">Address and port.</param>
    /// <returns>Whether all cases passed.</returns>
    public static async Task<bool> RunAsync(IPEndPoint peer)
    {
        var failed = 0;
        foreach (var item in Http2Cases.All)
        {
            using var socket = new Socket(peer.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await socket.ConnectAsync(peer);
            var runner = new Http2CaseRunner(new NetworkStream(socket), () => socket.Shutdown(SocketShutdown.Send)) { Patience = TimeSpan.FromSeconds(2) };
            if (await RunAsync(runner, item) is { } problem)
            {
                failed++;
                Console.WriteLine($"  {problem}");
            }
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Http2Cases.All.Count - failed} of {Http2Cases.All.Count} cases passed"));
        return failed == 0;
    }

    private static async Task<string?> RunAsync(Http2CaseRunner runner, Http2Case item)
    {
        try
        {
            return await runner.RunAsync(item);
        }
        catch (SocketException exception)
        {
            return $"{item}: {exception.Message}";
        }
    }
}
