using BenchmarkDotNet.Attributes;
using PipeServer.Http;

namespace PipeServer.Benchmarks;

/// <summary>A chunked body of 1 KiB, in one chunk and in sixteen.</summary>
[MemoryDiagnoser]
public class ChunkedBenchmarks
{
    private static readonly RequestLimits Limits = new(8192, 32 * 1024, 100);
    private readonly ChunkedDecoder _decoder = new();
    private readonly byte[] _block = new byte[2048];
    private byte[] _body = [];

    [Params(1, 16)]
    public int Chunks { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var size = 1024 / Chunks;
        var chunk = $"{size:x}\r\n{new string('x', size)}\r\n";
        _body = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(chunk, Chunks)) + "0\r\n\r\n");
    }

    [Benchmark]
    public int Decode()
    {
        _decoder.Reset();
        ReadOnlySpan<byte> rest = _body;
        var decoded = 0;
        while (!_decoder.IsComplete)
        {
            _decoder.Decode(rest, Limits, out var taken, out var data);
            rest = rest[taken..];
            decoded += data.Length;
        }

        return decoded;
    }

    [Benchmark]
    public int Frame()
    {
        var total = 0;
        var prefix = ChunkedEncoder.PrefixBytes(_block.Length);
        for (var i = 0; i < Chunks; i++)
        {
            total += ChunkedEncoder.Frame(_block, prefix, 1024 / Chunks);
        }

        return total;
    }
}
