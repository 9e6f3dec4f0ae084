using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using PipeServer.Http;

namespace PipeServer.Benchmarks;

/// <summary>Bytes to a request head: what wrk sends, and what a browser sends.</summary>
[MemoryDiagnoser]
public class RequestParserBenchmarks
{
    private const string Small = "GET /plaintext HTTP/1.1\r\nHost: 127.0.0.1:7878\r\n\r\n";

    private const string Browser = "GET /articles/2026/11/21/a-title-of-some-length?utm_source=somewhere&page=2 HTTP/1.1\r\n"
        + "Host: www.example.org\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n"
        + "sec-ch-ua: \"Chromium\";v=\"156\", \"Not.A/Brand\";v=\"8\"\r\nsec-ch-ua-mobile: ?0\r\nsec-ch-ua-platform: \"Linux\"\r\n"
        + "Upgrade-Insecure-Requests: 1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n"
        + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8\r\n"
        + "Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n"
        + "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef\r\n\r\n";

    private readonly RequestHead _head = new();
    private readonly RequestLimits _limits = new(8 * 1024, 32 * 1024, 100);
    private ReadOnlySequence<byte> _buffer;

    [Params("small", "browser")]
    public string Request { get; set; } = "small";

    [GlobalSetup]
    public void Setup() =>
        _buffer = new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(Request == "small" ? Small : Browser));

    [Benchmark]
    public int Parse()
    {
        _head.Reset();
        RequestParser.Parse(_buffer, _head, _limits);
        return _head.ByteLength;
    }
}
