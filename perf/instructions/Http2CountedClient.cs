using PipeServer.Perf;

namespace PipeServer.Instructions;

/// <summary>The client of a workload over HTTP/2.</summary>
internal sealed class Http2CountedClient(Http2Client client) : ICountedClient
{
    private const int BufferBytes = 64 * 1024;

    /// <summary>Connects, and sends the request once.</summary>
    public static Http2CountedClient Connect(int port, Workload workload) =>
        new(Http2Client.Connect(port, workload.Path, workload.Depth, new byte[BufferBytes]));

    public void Run(int requests, Action? pause = null) => client.Run(requests, pause);

    public void Dispose() => client.Dispose();
}
