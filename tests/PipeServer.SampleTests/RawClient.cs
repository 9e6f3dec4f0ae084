using System.Net;
using System.Net.Sockets;
using System.Text;

namespace PipeServer.SampleTests;

/// <summary>A client that sends the bytes that a test gives it, when the test does.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly TcpClient _client;
    private readonly NetworkStream _stream;
    private readonly StreamReader _reader;

    private RawClient(TcpClient client)
    {
        _client = client;
        _stream = client.GetStream();
        _reader = new StreamReader(_stream, Encoding.UTF8);
    }

    public static async Task<RawClient> ConnectAsync(IPEndPoint endPoint, int? receiveBufferBytes = null)
    {
        var client = new TcpClient();
        if (receiveBufferBytes is { } bytes)
        {
            client.ReceiveBufferSize = bytes;
        }

        await client.ConnectAsync(endPoint);
        return new RawClient(client);
    }

    public async Task SendAsync(string text) => await _stream.WriteAsync(Encoding.UTF8.GetBytes(text));

    public async Task<string?> LineAsync() => await _reader.ReadLineAsync().WaitAsync(Waiting.Patience);

    public Task<string> ToEndAsync() => _reader.ReadToEndAsync().WaitAsync(Waiting.Patience);

    /// <summary>The head of a request that waits for <c>100 Continue</c>: when that has come its handler reads the body, and is in flight for certain.</summary>
    public async Task BeginAsync(string method, string path, string contentType, int length)
    {
        await SendAsync(
            $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {contentType}\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue", await LineAsync());
        Assert.Equal("", await LineAsync());
    }

    /// <summary>Ends the connection without a word.</summary>
    public void Reset()
    {
        _client.Client.LingerState = new LingerOption(true, 0);
        _client.Client.Close();
    }

    public void Dispose()
    {
        _reader.Dispose();
        _client.Dispose();
    }
}
