using System.IO.Pipelines;
using System.Net.Security;
using System.Runtime.ExceptionServices;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using PipeServer.Transport;

namespace PipeServer.Tls.SslStreams;

/// <summary>A connection encrypted by <see cref="SslStream"/>.</summary>
internal sealed class SslStreamConnection : TlsTransportConnection
{
    // A fatal alert of TLS 1.2 that unrecognized_name is the description of, which is read by every client at this point (RFC 6066 §3, RFC 8446 §6.2).
    private static readonly byte[] UnrecognizedName = [RecordHeader.Alert, 3, 3, 0, 2, 2, 112];

    private readonly SslStreamEngine _engine;
    private readonly RecordStream _records;
    private readonly SslStream _ssl;
    private readonly SslStreamInput _input;
    private readonly SslStreamOutput _output;
    private TlsConnectionInfo? _info;
    private bool _isNameUnknown;
    private int _isDisposed;

    public SslStreamConnection(SslStreamEngine engine, TransportConnection inner)
        : base(inner)
    {
        _engine = engine;
        _records = new RecordStream(inner);
        _ssl = new SslStream(_records, leaveInnerStreamOpen: true);
        _input = new SslStreamInput(inner, _ssl, _records);
        _output = new SslStreamOutput(inner, _ssl);
    }

    public override PipeReader Input => _input;

    public override PipeWriter Output => _output;

    public override TlsConnectionInfo Info => _info ?? throw new InvalidOperationException("The handshake is not done.");

    public override async ValueTask HandshakeAsync(IHandshakeIo io)
    {
        _records.BeginHandshake(io);
        try
        {
            await _ssl.AuthenticateAsServerAsync(
                static (_, hello, state, _) => ((SslStreamConnection)state!).SelectOptionsAsync(hello), this, CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A client decides what it comes upon: an odd record was an IndexOutOfRangeException, and so a fault of the server.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            if (_records.Failure is { } failure)
            {
                ExceptionDispatchInfo.Throw(failure);
            }

            await SendAlertAsync(io).ConfigureAwait(false);
            throw new TlsHandshakeException(_isNameUnknown
                ? "there is no certificate for the name that it asks for"
                : $"its TLS handshake has failed: {exception.GetBaseException().Message}");
        }

        _records.EndHandshake();
        _info = new TlsConnectionInfo
        {
            Version = _ssl.SslProtocol == SslProtocols.Tls13 ? TlsVersion.Tls13 : TlsVersion.Tls12,
            CipherSuite = _ssl.NegotiatedCipherSuite.ToString(),
            ServerName = NameOf(_ssl.TargetHostName),
            ApplicationProtocol = _ssl.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2 ? TlsConnectionInfo.Http2
                : _ssl.NegotiatedApplicationProtocol == SslApplicationProtocol.Http11 ? "http/1.1"
                : _ssl.NegotiatedApplicationProtocol == SslStreamEngine.Http10 ? "http/1.0" : null,
            ClientCertificate = _ssl.RemoteCertificate as X509Certificate2,
            IsResumed = false,
        };

        // A system that chooses suites by itself may have chosen such a one.
        if (_info.ApplicationProtocol == TlsConnectionInfo.Http2 && !Http2CipherSuite.IsGoodEnough(_info.CipherSuite))
        {
            throw new TlsHandshakeException($"HTTP/2 must not be spoken with {_info.CipherSuite} (RFC 9113 §9.2.2)");
        }
    }

    internal override ValueTask<ReadResult> ReadAsync(IReadConsumer consumer) => _input.ReadAsync(isOfBody: false, CancellationToken.None);

    internal override bool TryFlush() => _output.TryFlush();

    internal override bool TryCancelReadOnLoop()
    {
        _input.RequestCancel();
        return Inner.TryCancelReadOnLoop();
    }

    public override void Write(PinnedBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        _output.Append(bytes.Memory);
    }

    public override ValueTask ShutdownOutputAsync()
    {
        _output.TryEnd(exception: null);
        return Inner.ShutdownOutputAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0)
        {
            return;
        }

#pragma warning disable VSTHRD103 // Neither waits, and what is not flushed by now is not to be sent.
        _input.Complete();
        _output.Discard();
        _records.Close(); // SslStream's own disposal flushes it, and by then the transport's connection may be another client's
#pragma warning restore VSTHRD103
        await Inner.DisposeAsync().ConfigureAwait(false);
        try
        {
            await _ssl.DisposeAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // Within a handshake it wants to say that it ends, to a client that may have left.
        }
    }

    private static string? NameOf(string? serverName) =>
        string.IsNullOrEmpty(serverName) ? null : serverName.TrimEnd('.').ToLowerInvariant();

    private ValueTask<SslServerAuthenticationOptions> SelectOptionsAsync(SslClientHelloInfo hello)
    {
        if (_engine.OptionsFor(NameOf(hello.ServerName), out var clients) is { } options)
        {
            Clients = clients;
            return new ValueTask<SslServerAuthenticationOptions>(options);
        }

        _isNameUnknown = true;
        throw new AuthenticationException("There is no certificate for this name.");
    }

    private async ValueTask SendAlertAsync(IHandshakeIo io)
    {
        try
        {
            if (_isNameUnknown)
            {
                await _records.WriteAsync(UnrecognizedName).ConfigureAwait(false);
            }

            await io.FlushAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The client has left before it could be told.
        }
    }
}
