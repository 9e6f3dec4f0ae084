using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PipeServer.Transport;

namespace PipeServer.Tests.Support;

/// <summary>
/// A raw HTTP client: sends the bytes it is given, and reads responses strictly. Every wait has a deadline.
/// </summary>
/// <param name="stream">What is read and written.</param>
/// <param name="carrier">What carries it, where it is encrypted.</param>
internal sealed class TestClient(Stream stream, EndWatchingStream? carrier = null) : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Stream _stream = stream;
    private readonly Stream _carrier = carrier?.Inner ?? stream;
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _start;
    private int _end;

    public static async Task<TestClient> ConnectAsync(EndPoint endPoint)
    {
        var socket = endPoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(endPoint);
        return new TestClient(new NetworkStream(socket, ownsSocket: true));
    }

    /// <summary>Connects as soon as somebody listens there.</summary>
    public static async Task<TestClient> ConnectWhenListeningAsync(EndPoint endPoint)
    {
        TestClient? client = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    client = await ConnectAsync(endPoint);
                    return true;
                }
                catch (SocketException)
                {
                    return false;
                }
            },
            "somebody listens");
        return client!;
    }

    /// <summary>Makes a TLS handshake on the connection; the client that it returns goes on with it.</summary>
    /// <param name="name">The name to ask for; null for none.</param>
    /// <param name="configure">Changes the client's options.</param>
    /// <param name="isByteByByte">Sends each byte of the records by itself.</param>
    /// <param name="pauseAfterFirstBytes">Sends the first bytes at once, and the rest when this has completed.</param>
    public async Task<TestClient> SecureAsync(
        string? name = "localhost", Action<SslClientAuthenticationOptions>? configure = null, bool isByteByByte = false, Task? pauseAfterFirstBytes = null)
    {
        var watched = new EndWatchingStream(_stream) { IsByteByByte = isByteByByte, PauseAfterFirstBytes = pauseAfterFirstBytes };
        var ssl = new SslStream(watched);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = name ?? "",
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                CustomTrustStore = { TestCertificates.Authority },
            },
            RemoteCertificateValidationCallback = static (_, _, _, errors) => (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None,
        };
        configure?.Invoke(options);
        await ssl.AuthenticateAsClientAsync(options, CancellationToken.None).WaitAsync(Patience);
        return new TestClient(ssl, watched);
    }

    /// <summary>What it reads and writes, for what is read otherwise than as HTTP.</summary>
    public Stream Stream => _stream;

    /// <summary>The TLS side of it.</summary>
    public SslStream Tls => (SslStream)_stream;

    public static string Get(string target, params string[] headers) =>
        $"GET {target} HTTP/1.1\r\nHost: test\r\n{string.Concat(headers.Select(static header => header + "\r\n"))}\r\n";

    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes) => await _stream.WriteAsync(bytes).AsTask().WaitAsync(Patience);

    /// <summary>Waits until what was sent lies at the server: on a busy machine the kernel hands it over a moment later.</summary>
    public Task ArrivedAsync() => _carrier is NetworkStream { Socket: { RemoteEndPoint: IPEndPoint } socket }
        ? Eventually.TrueAsync(() => SendQueue.UnreadBytes(socket.SafeHandle) is null or 0, "what was sent has arrived")
        : Task.CompletedTask;

    public EndPoint? LocalEndPoint => (_carrier as NetworkStream)?.Socket.LocalEndPoint;

    public void ShutdownSend()
    {
        if (_stream is SslStream ssl)
        {
            Assert.True(ssl.ShutdownAsync().IsCompletedSuccessfully);
        }

        if (_carrier is NetworkStream network)
        {
            network.Socket.Shutdown(SocketShutdown.Send);
        }
        else
        {
            ((MemoryClientStream)_carrier).ShutdownSend();
        }
    }

    /// <summary>TCP's end, without the one of TLS.</summary>
    public void ShutdownCarrier() => ((NetworkStream)_carrier).Socket.Shutdown(SocketShutdown.Send);

    /// <summary>A reset instead of an orderly close; over memory the nearest thing to it.</summary>
    public async Task ResetAsync()
    {
        if (_carrier is NetworkStream network)
        {
            // Not by way of the stream: it would half-close first.
            network.Socket.LingerState = new LingerOption(true, 0);
            network.Socket.Close();
        }

        await _stream.DisposeAsync();
    }

    public async Task<TestResponse> RequestAsync(string text, bool isHead = false)
    {
        await SendAsync(text);
        return await ReadResponseAsync(isHead);
    }

    public async Task<TestResponse> ReadResponseAsync(bool isHead = false)
    {
        var head = await ReadHeadAsync();
        var status = head.Status;
        byte[] body;
        if (isHead || status is 204 or 304 or < 200)
        {
            body = [];
        }
        else if (head["Transfer-Encoding"] is { } coding)
        {
            Assert.Equal("chunked", coding);
            Assert.Null(head["Content-Length"]);
            body = await ReadChunksAsync();
        }
        else if (head["Content-Length"] is { } length)
        {
            body = await ReadExactlyAsync(int.Parse(length));
        }
        else
        {
            body = await ReadToEndAsync();
        }

        return head with { Body = body };
    }

    /// <summary>True when the server closes in order, with nothing more to read.</summary>
    public async Task<bool> IsClosedAsync()
    {
        try
        {
            return (await ReadToEndAsync()).Length == 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public async Task<byte[]> ReadToEndAsync()
    {
        var all = new MemoryStream();
        all.Write(_buffer, _start, _end - _start);
        _start = _end = 0;
        await _stream.CopyToAsync(all).WaitAsync(Patience);
        if (carrier is { HasEnded: true })
        {
            throw new IOException("The server has ended the connection without close_notify.");
        }

        return all.ToArray();
    }

    public async Task<string> ReadLineAsync()
    {
        while (true)
        {
            var at = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
            if (at >= 0)
            {
                var line = Encoding.Latin1.GetString(_buffer, _start, at);
                _start += at + 2;
                return line;
            }

            if (!await FillAsync())
            {
                throw new EndOfStreamException(
                    $"The connection ended inside a line: '{Encoding.Latin1.GetString(_buffer, _start, _end - _start)}'.");
            }
        }
    }

    public async Task<byte[]> ReadExactlyAsync(int length)
    {
        var bytes = new byte[length];
        var done = 0;
        while (done < length)
        {
            if (_start == _end && !await FillAsync())
            {
                throw new EndOfStreamException($"The connection ended after {done} of {length} bytes.");
            }

            var part = Math.Min(length - done, _end - _start);
            _buffer.AsSpan(_start, part).CopyTo(bytes.AsSpan(done));
            _start += part;
            done += part;
        }

        return bytes;
    }

    /// <summary>One read of the connection itself, past the client's own buffer: what a slow reader takes at a time.</summary>
    public async Task ReadSomeAsync(int atMost) => Assert.NotEqual(0, await ReadUpToAsync(atMost));

    /// <summary>The same; 0 at the connection's end.</summary>
    public async Task<int> ReadUpToAsync(int atMost) => await _stream.ReadAsync(new byte[atMost]).AsTask().WaitAsync(Patience);

    /// <summary>What one read brings that needs no second.</summary>
    public async Task<byte[]> ReadOnceAsync()
    {
        Assert.Equal(_start, _end);
        Assert.True(await FillAsync(), "The connection has ended.");
        var bytes = _buffer[_start.._end];
        _start = _end = 0;
        return bytes;
    }

    public ValueTask DisposeAsync() => _stream.DisposeAsync();

    public async Task<TestResponse> ReadHeadAsync()
    {
        var statusLine = await ReadLineAsync();
        Assert.Matches("^HTTP/1\\.1 [1-9][0-9][0-9] ", statusLine);
        var headers = new List<(string, string)>();
        while (await ReadLineAsync() is { Length: > 0 } line)
        {
            var colon = line.IndexOf(": ");
            Assert.True(colon > 0, $"Not a header: '{line}'");
            headers.Add((line[..colon], line[(colon + 2)..]));
        }

        return new TestResponse(int.Parse(statusLine.AsSpan(9, 3)), statusLine, headers, []);
    }

    private async Task<byte[]> ReadChunksAsync()
    {
        var all = new MemoryStream();
        while (true)
        {
            var size = await ReadLineAsync();
            Assert.Matches("^[1-9a-f][0-9a-f]*$|^0$", size);
            var length = Convert.ToInt32(size, 16);
            if (length > 0)
            {
                all.Write(await ReadExactlyAsync(length));
            }

            Assert.Equal("", await ReadLineAsync());
            if (length == 0)
            {
                return all.ToArray();
            }
        }
    }

    private async Task<bool> FillAsync()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }

        Assert.True(_end < _buffer.Length, "The test client's buffer is full.");
        var read = await _stream.ReadAsync(_buffer.AsMemory(_end)).AsTask().WaitAsync(Patience);
        _end += read;
        return read > 0;
    }
}
