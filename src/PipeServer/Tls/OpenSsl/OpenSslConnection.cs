using System.Buffers;
using System.IO.Pipelines;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using PipeServer.Transport;

namespace PipeServer.Tls.OpenSsl;

/// <summary>A server's end of TLS by OpenSSL.</summary>
/// <remarks>
/// One thread may read while another writes: <see cref="OpenSslInput"/> and <see cref="OpenSslOutput"/> take the lock of the <see cref="OpenSslHandle"/>
/// around each call into OpenSSL, and around what they do with the transport's output, which OpenSSL has alerts and key updates for while it reads.
/// </remarks>
internal sealed class OpenSslConnection : TlsTransportConnection
{
    private readonly OpenSslHandle _handle;
    private readonly OpenSslInput _input;
    private readonly OpenSslOutput _output;
    private TlsConnectionInfo? _info;
    private string? _serverName;
    private string? _reason; // why OpenSSL has ended the handshake
    private bool _isNameUnknown;
    private int _disposed;

    public OpenSslConnection(OpenSslEngine engine, TransportConnection inner, OpenSslHandle handle)
        : base(inner)
    {
        Engine = engine;
        _handle = handle;
        _output = new OpenSslOutput(inner, handle);
        _input = new OpenSslInput(inner, handle, _output);
    }

    /// <summary>The engine.</summary>
    public OpenSslEngine Engine { get; }

    /// <summary>What has been thrown within a step of the handshake, where it could not be thrown on.</summary>
    public Exception? Fault { get; set; }

    /// <summary>What ALPN has agreed on.</summary>
    public string? ApplicationProtocol { get; set; }

    public override TlsConnectionInfo Info => _info ?? throw new InvalidOperationException("The handshake is not done.");

    public override PipeReader Input => _input;

    public override PipeWriter Output => _output;

    /// <summary>On the thread of a step of the handshake: see <see cref="OpenSslEngine.TrySelectCertificate"/>.</summary>
    public bool TrySelectCertificate(nint ssl, string? name, out bool isKnown)
    {
        _serverName = name;
        var isSelected = Engine.TrySelectCertificate(ssl, name, out isKnown, out var clients);
        Clients = clients;
        _isNameUnknown = !isKnown;
        return isSelected;
    }

    public override async ValueTask HandshakeAsync(IHandshakeIo io)
    {
        try
        {
            await ShakeHandsAsync(io).ConfigureAwait(false);
        }
        catch
        {
            _handle.Free(); // whoever disposes of the transport's connection need not know this one
            throw;
        }
    }

    public override void Write(PinnedBytes bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        _output.Append(bytes);
    }

    public override ValueTask ShutdownOutputAsync()
    {
        if (!_output.TryEnd())
        {
            return EndAsync();
        }

        _input.HasSentEnd = true;
        return Inner.ShutdownOutputAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        // First, once a call that is inside OpenSSL has come back: from then on nobody uses the transport's connection, which may be another client's soon.
        _handle.Free();
        _output.Release();
        await Inner.DisposeAsync().ConfigureAwait(false);
        _input.Release();
    }

    internal override bool TryFlush() => _output.TryFlush();

    internal override ValueTask<ReadResult> ReadAsync(IReadConsumer consumer) => _input.ReadAsync(consumer);

    internal override void ContinueRead(ReadConsumption outcome, int next) => _input.ContinueRead(outcome, next);

    internal override bool TryCancelReadOnLoop()
    {
        _input.RequestCancel();
        return Inner.TryCancelReadOnLoop();
    }

    internal override bool MayCloseAtOnce() => !_input.MayHaveUnread && Inner.MayCloseAtOnce();

    private async ValueTask ShakeHandsAsync(IHandshakeIo io)
    {
        var isCostly = true;
        var total = 0L;
        while (true)
        {
            var read = await io.ReadAsync(isCostly).ConfigureAwait(false);
            var status = Step(read.Buffer, out var consumed);
            var position = read.Buffer.GetPosition(consumed);
            Inner.Input.AdvanceTo(position, position);
            total += consumed;
            if (status == OpenSslStatus.IsDone)
            {
                break;
            }

            if (status != OpenSslStatus.NeedsMore || total > MaxHandshakeBytes)
            {
                await FailAsync(io, status == OpenSslStatus.NeedsMore ? "its TLS handshake is too long" : TakeReason()).ConfigureAwait(false);
            }

            if (Inner.Output.UnflushedBytes > 0)
            {
                await io.FlushAsync().ConfigureAwait(false);
            }

            isCostly = IsNextStepCostly();
        }

        if (Describe() is { } problem)
        {
            await FailAsync(io, problem).ConfigureAwait(false);
        }

        // In TLS 1.3 only tickets are left, which no client waits for: they go with its first answer, or before the connection waits for a request.
        if (Info.Version == TlsVersion.Tls12 && Inner.Output.UnflushedBytes > 0)
        {
            await io.FlushAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask EndAsync()
    {
        while (!_output.TryEnd())
        {
            if (_output.LastFlush is { } last)
            {
                await last.ConfigureAwait(false);
            }
            else if ((await _output.FlushAsync(CancellationToken.None).ConfigureAwait(false)).IsCompleted)
            {
                break;
            }
        }

        _input.HasSentEnd = true;
        await Inner.ShutdownOutputAsync().ConfigureAwait(false);
    }

    private OpenSslStatus Step(in ReadOnlySequence<byte> records, out int consumed)
    {
        consumed = 0;
        var status = OpenSslStatus.NeedsMore;
        lock (_handle)
        {
            if (_handle.IsUseless)
            {
                return OpenSslStatus.HasFailed;
            }

            OpenSslCallbacks.Current = this;
            try
            {
                foreach (var piece in records)
                {
                    status = _handle.Handshake(piece.Span, Inner.Output, out var count);
                    consumed += count;
                    if (status != OpenSslStatus.NeedsMore)
                    {
                        break;
                    }
                }
            }
            finally
            {
                OpenSslCallbacks.Current = null;
            }

            if (status == OpenSslStatus.HasFailed)
            {
                _reason = OpenSslErrors.TakeReason(); // on this thread, whose list it is in
            }
        }

        return status;
    }

    private bool IsNextStepCostly()
    {
        lock (_handle)
        {
            return _handle.IsUseless || _handle.IsNextStepCostly;
        }
    }

    private string TakeReason() =>
        _isNameUnknown ? "its TLS handshake failed: there is no certificate for the name that it asks for"
        : _reason is null ? "its TLS handshake failed" : $"its TLS handshake failed: {_reason}";

    // The alert is sent where the system takes it; who does not read it is not waited for longer than for other records.
    private async ValueTask FailAsync(IHandshakeIo io, string reason)
    {
        if (Inner.Output.UnflushedBytes > 0 && !Inner.TryFlush())
        {
            try
            {
                await io.FlushAsync().ConfigureAwait(false);
            }
            catch (IOException)
            {
                // It has left without the alert.
            }
        }

        throw Fault is null ? new TlsHandshakeException(reason) : new InvalidOperationException("The source of the certificates has failed.", Fault);
    }

    // Notes what the handshake has agreed on; a reason why that is not good enough, or null.
    private string? Describe()
    {
        lock (_handle)
        {
            if (_handle.IsUseless)
            {
                return "it was aborted within its TLS handshake";
            }

            var isResumed = _handle.IsResumed;
            X509Certificate2? client;
            try
            {
                client = _handle.ExportClientCertificate() is { } der ? X509CertificateLoader.LoadCertificate(der) : null;
            }
            catch (CryptographicException)
            {
                return "its certificate is one that only OpenSSL can read";
            }

            if (isResumed && client is not null && client.NotAfter.ToUniversalTime() < Engine.Time.GetUtcNow().UtcDateTime)
            {
                return "its certificate has expired since its session began";
            }

            _info = new TlsConnectionInfo
            {
                Version = _handle.IsTls13 ? TlsVersion.Tls13 : TlsVersion.Tls12,
                CipherSuite = OpenSslHandle.NameOf(_handle.CipherSuite),
                ServerName = _serverName,
                ApplicationProtocol = ApplicationProtocol,
                ClientCertificate = client,
                IsResumed = isResumed,
            };
            return null;
        }
    }
}
