using System.Net.Security;
using System.Net.Sockets;

namespace PipeServer.DrainSuite;

/// <summary>TLS over TCP. The server's certificate is not looked at: it is our own server that is asked.</summary>
internal sealed class TlsWire : Wire
{
    private readonly RecordStream _records;
    private readonly SslStream _stream;
    private readonly Task _handshake;
    private byte[] _ahead = [];
    private Task<int>? _readAhead;

    /// <summary>Begins the handshake.</summary>
    /// <param name="socket">A connected one.</param>
    /// <param name="held">How much of the handshake is held back until <see cref="Release"/>.</param>
    /// <param name="isHttp2">HTTP/2 is offered, and nothing else; or HTTP/1.1.</param>
    public TlsWire(Socket socket, HeldHandshake held, bool isHttp2)
    {
        _records = new RecordStream(socket, held);
        _stream = new SslStream(_records);
        _handshake = _stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            ApplicationProtocols = [isHttp2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11],
#pragma warning disable CA5359 // Whoever runs the suite has started the server himself, most often with a certificate of its own making.
            RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
        });
        Observe(_handshake);
    }

    public override bool HasEndedInOrder => !_records.HasEnded;

    /// <summary>Lets go what was held back.</summary>
    public void Release() => _records.Release();

    public override Task OpenAsync() => FaultsAsIOAsync(_handshake);

    public override async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        await OpenAsync();
        await FaultsAsIOAsync(_stream.WriteAsync(bytes).AsTask());
    }

    public override async Task<int> ReceiveAsync(Memory<byte> buffer)
    {
        await OpenAsync();
        if (_readAhead is null)
        {
            return await ReadAsync(buffer);
        }

        // At most one byte: the read that has looked whether the server has ended it.
        var count = await FaultsAsIOAsync(_readAhead);
        _readAhead = null;
        _ahead.AsMemory(0, count).CopyTo(buffer);
        return count;
    }

    // A record may be one that is none of the application's, a session's ticket for example. So a read is kept waiting, and what the system has
    // received is whole in its hands when it waits for more than there is.
    public override async ValueTask<bool> IsEndedAsync()
    {
        await OpenAsync();
        if (_readAhead is null)
        {
            _ahead = new byte[1];
            _readAhead = ReadAsync(_ahead);
            Observe(_readAhead);
        }

        while (!_readAhead.IsCompleted && !_records.IsDrained)
        {
            await Task.Yield();
        }

        return _readAhead.IsFaulted || (_readAhead.IsCompleted && await _readAhead == 0);
    }

    protected override void Dispose(bool disposing)
    {
        _stream.Dispose();
        _records.Dispose();
    }

    // What fails after its client is gone is nobody's.
    private static void Observe(Task task) =>
        _ = task.ContinueWith(static ended => ended.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);

    private Task<int> ReadAsync(Memory<byte> buffer) => FaultsAsIOAsync(_stream.ReadAsync(buffer).AsTask());

    private static async Task FaultsAsIOAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (Exception exception) when (IsTheConnections(exception))
        {
            throw new IOException(exception.Message, exception);
        }
    }

    private static async Task<int> FaultsAsIOAsync(Task<int> task)
    {
        await FaultsAsIOAsync((Task)task);
        return await task;
    }

    private static bool IsTheConnections(Exception exception) =>
        exception is SocketException or System.Security.Authentication.AuthenticationException or ObjectDisposedException;
}
