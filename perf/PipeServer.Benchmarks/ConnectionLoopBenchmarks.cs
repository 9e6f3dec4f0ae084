using BenchmarkDotNet.Attributes;

namespace PipeServer.Benchmarks;

/// <summary>
/// A keep-alive connection from its bytes to its bytes, through parser, router, handler and response writer: everything but
/// the system, which is <see cref="CannedTransport"/> here. Batches are pipelined requests that come with one read.
/// </summary>
[MemoryDiagnoser]
public class ConnectionLoopBenchmarks
{
    private const int Requests = 16_000;

    private readonly CannedTransport _transport = new();
    private HttpServer _server = null!;
    private byte[] _batch = [];

    [Params(1, 16)]
    public int Batch { get; set; }

    [GlobalSetup]
    public async Task Setup()
    {
        _batch = System.Text.Encoding.ASCII.GetBytes(
            string.Concat(Enumerable.Repeat("GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:7878\r\n\r\n", Batch)));
        _server = new HttpServer(new HttpServerOptions { Transport = _transport });
        _server.MapGet("/plaintext", static (_, response) => response.WriteBytes("Hello, World!"u8, "text/plain"), Dispatch.Inline);
        await _server.StartAsync();
    }

    [GlobalCleanup]
    public Task Cleanup() => _server.StopAsync();

    [Benchmark(OperationsPerInvoke = Requests)]
    public Task Plaintext() => _transport.ConnectAsync(_batch, Requests / Batch);
}
