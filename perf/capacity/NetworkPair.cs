using System.Net;
using PipeServer.Perf;

namespace PipeServer.Capacity;

/// <summary>
/// Two network namespaces with a cable between them: a server's machine and its client's, as far as the system's settings of the network go, which are each
/// namespace's own. They end with this object, and with them what was set in them.
/// </summary>
internal sealed class NetworkPair : IAsyncDisposable
{
    private static int _pairs;

    private readonly string _server;
    private readonly string _client;

    private NetworkPair(string name) => (_server, _client) = ($"{name}-s", $"{name}-c");

    /// <summary>The server's address.</summary>
    public static IPAddress Address { get; } = IPAddress.Parse("10.77.0.1");

    /// <summary>What stands before a server's command.</summary>
    public IReadOnlyList<string> Server => ["ip", "netns", "exec", _server];

    /// <summary>What stands before a client's command.</summary>
    public IReadOnlyList<string> Client => ["ip", "netns", "exec", _client];

    /// <summary>Makes both.</summary>
    /// <returns>Null where the system or its rights do not allow it.</returns>
    public static async Task<NetworkPair?> TryCreateAsync(CancellationToken cancellation)
    {
        if (!ExternalProgram.IsInstalled("ip"))
        {
            return null;
        }

        var pair = new NetworkPair($"capacity-{Environment.ProcessId}-{Interlocked.Increment(ref _pairs)}");
        try
        {
            await pair.CreateAsync(cancellation);
            return pair;
        }
        catch (MeasurementException exception)
        {
            Console.WriteLine($"  no network namespaces: {exception.Message.Trim()}");
            await pair.DisposeAsync();
            return null;
        }
    }

    /// <summary>Sets a setting of the server's side, like <c>net.core.somaxconn</c>.</summary>
    public Task SetServerAsync(string setting, string value, CancellationToken cancellation) =>
        ExternalProgram.CaptureAsync(cancellation, [.. Server, "sysctl", "-q", "-w", $"{setting}={value}"]);

    /// <summary>Sets a setting of the client's side.</summary>
    public Task SetClientAsync(string setting, string value, CancellationToken cancellation) =>
        ExternalProgram.CaptureAsync(cancellation, [.. Client, "sysctl", "-q", "-w", $"{setting}={value}"]);

    public async ValueTask DisposeAsync()
    {
        foreach (var name in new[] { _server, _client })
        {
            try
            {
                await ExternalProgram.CaptureAsync(CancellationToken.None, "ip", "netns", "del", name);
            }
            catch (MeasurementException)
            {
                // It was never made.
            }
        }
    }

    private async Task CreateAsync(CancellationToken cancellation)
    {
        const string ServerEnd = "cable-s";
        const string ClientEnd = "cable-c";
        await IpAsync("netns", "add", _server);
        await IpAsync("netns", "add", _client);
        await IpAsync("link", "add", ServerEnd, "netns", _server, "type", "veth", "peer", "name", ClientEnd, "netns", _client);
        foreach (var (space, end, address) in new[] { (_server, ServerEnd, $"{Address}/24"), (_client, ClientEnd, "10.77.0.2/24") })
        {
            await IpAsync("-n", space, "addr", "add", address, "dev", end);
            await IpAsync("-n", space, "link", "set", end, "up");
            await IpAsync("-n", space, "link", "set", "lo", "up");
        }

        Task<string> IpAsync(params string[] arguments) => ExternalProgram.CaptureAsync(cancellation, ["ip", .. arguments]);
    }
}
