using System.Buffers;
using BenchmarkDotNet.Attributes;
using PipeServer.Http;

namespace PipeServer.Benchmarks;

/// <summary>A response head with two fields of its handler.</summary>
[MemoryDiagnoser]
public class ResponseHeadBenchmarks
{
    private readonly ArrayBufferWriter<byte> _output = new(1024);
    private readonly byte[] _block = DateHeader.CreateBlock(new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero), ServerFields.Default);
    private readonly HeaderFields _fields = new();

    [Benchmark]
    public int Write()
    {
        _output.ResetWrittenCount();
        _fields.Clear();
        _fields.Append("Content-Type"u8, "text/plain"u8);
        _fields.Append("Cache-Control"u8, "no-store"u8);
        ResponseHeadWriter.Write(_output, 200, _block, _fields, ResponseFraming.ContentLength, 13, default);
        return _output.WrittenCount;
    }
}
