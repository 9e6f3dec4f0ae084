using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using PipeServer.Http;

namespace PipeServer.Server.Http2;

/// <summary>A response up to where its body begins, and what of it is the owner's to send.</summary>
internal abstract class Http2ResponseStart(Http2Stream stream) : ResponseWriter
{
    /// <summary>What becomes of what is written.</summary>
    protected BodyMode Mode;

    /// <summary>What the handler has written and not handed over.</summary>
    protected HeldBytes Held = new();

    /// <summary>How many bytes of the body were written.</summary>
    protected long Written;

    /// <summary>How many there must be, once the response has started.</summary>
    protected long? PromisedLength;

    /// <summary>Nothing more can be written.</summary>
    protected bool IsCompleted;

    private HeldBytes _out = new(); // what is handed over, while more may follow
    private ReadOnlyMemory<byte> _preparedBody; // or the body of an encoded response, which is sent from where it lies
    private bool _hasPreparedBody;
    private Http2Tunnel? _tunnel; // while the mode says so
    private int _sent; // of whichever of them is at its turn
    private int _handedOver; // 1 until the owner gives it back
    private volatile bool _isEnding;

    public sealed override Http2Stream Exchange => stream;

    public override bool SupportsTrailers => MayAnnounceTrailers && !Exchange.IsHeadRequest;

    public override bool DropsTrailers => Exchange.IsHeadRequest;

    public override bool MayAnnounceTrailers => HasStarted
        ? Mode == BodyMode.Plain && PromisedLength is null
        : Mode != BodyMode.Prepared && Response.ContentLength is null && StatusLine.AllowsBody(Response.StatusCode);

    public sealed override bool HasBufferedBytes => !HasStarted && (Held.Length > 0 || Mode == BodyMode.Prepared);

    public override bool CanUpgrade => false; // RFC 9113 §8.6

    public override long BodyBytesSent => Mode is BodyMode.Plain or BodyMode.Switched ? Written : 0;

    /// <summary>The head is to be written. The owner's, as what follows.</summary>
    public bool IsHeadDue { get; private set; }

    /// <summary>The Content-Length of the head; -1 for none.</summary>
    public long HeadLength { get; private set; }

    /// <summary>The encoded response whose fields go into the head; or null.</summary>
    public PreparedResponse? HeadFields { get; private set; }

    /// <summary>Nothing follows what was handed over but trailers.</summary>
    public bool IsEnding => _isEnding;

    /// <summary>Bytes are handed over that are not all sent.</summary>
    public bool IsHandedOver => Volatile.Read(ref _handedOver) != 0;

    /// <summary>What may be sent now.</summary>
    public ReadOnlySpan<byte> Pending
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => IsHandedOver && !_hasPreparedBody ? _out.Span[_sent..]
            : !IsHandedOver && !_isEnding ? default
            : _hasPreparedBody ? _preparedBody.Span[_sent..]
            : Held.Span[_sent..];
    }

    /// <summary>How much that is.</summary>
    public int PendingLength
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _hasPreparedBody ? Pending.Length
            : IsHandedOver ? _out.Length - _sent
            : _isEnding ? Held.Length - _sent
            : 0;
    }

    protected Http2Stream Stream => stream;

    protected HttpResponse Response => stream.Response;

    /// <summary>Nobody takes what is written any more.</summary>
    /// <exception cref="InvalidOperationException">Somebody does, and nothing may be written.</exception>
    protected bool IsDiscarding => stream.IsGone || (IsCompleted
        ? throw new InvalidOperationException("The response body has been completed; nothing more can be written.")
        : false);

    /// <summary>The head is written.</summary>
    public void MarkHeadSent() => IsHeadDue = false;

    /// <summary>So much of <see cref="Pending"/> is sent.</summary>
    public void MarkSent(int bytes) => _sent += bytes;

    /// <summary>The handler has ended, and the response is as it is: what is written is the rest.</summary>
    public void EndOutput() => _isEnding = true;

    public override void LeaveOrdinaryWay()
    {
        // There is but one way here.
    }

    public sealed override void Send(PreparedResponse prepared)
    {
        if (!IsDiscarding)
        {
            Send(prepared, fetched: null);
        }
    }

    public sealed override bool TrySend(PreparedResponse prepared, IBodySource source)
    {
        if (IsDiscarding)
        {
            return true;
        }

        if (Exchange.IsHeadRequest || !StatusLine.AllowsBody(prepared.StatusCode))
        {
            Send(prepared, fetched: null);
            return true;
        }

        if (IsStartDue)
        {
            var body = new byte[prepared.BodyLength];
            if (!source.TryRead(body))
            {
                return false;
            }

            Send(prepared, body);
            return true;
        }

        var room = Held.GetMemory(Math.Max(1, prepared.BodyLength)).Span;
        if (!source.TryRead(room[..prepared.BodyLength]))
        {
            return false;
        }

        Held.Advance(prepared.BodyLength);
        PromisedLength = Written = prepared.BodyLength;
        StartPrepared(prepared);
        return true;
    }

    public override ValueTask<IDuplexPipe> UpgradeAsync() => throw new InvalidOperationException(
        "HTTP/2 has no upgrade of a connection (RFC 9113 §8.6); see CanUpgrade.");

    public override async ValueTask<IDuplexPipe> SwitchAsync(int statusCode)
    {
        ThrowIfNotSwitchable();
        if (IsStartDue)
        {
            await RunStartingAsync(statusCode).ConfigureAwait(false);
            ThrowIfNotSwitchable();
        }

        Response.SetStatus(statusCode);
        Exchange.ReturnPermit(); // from here on the bound is the one of streams
        Mode = BodyMode.Switched;
        HeadLength = -1;
        IsHeadDue = HasStarted = true;
        _tunnel = new Http2Tunnel(stream.RequestBody, this);
        await FlushAsync(CancellationToken.None).ConfigureAwait(false);
        return _tunnel;
    }

    /// <summary>The stream is the handler's no more.</summary>
    protected void EndSwitched() => _tunnel!.End();

    /// <summary>Decides on the head, which the owner writes.</summary>
    protected void Start(bool handlerHasEnded)
    {
        if (Mode == BodyMode.Prepared)
        {
            SendPrepared();
            return;
        }

        if (WouldOpenTunnel(Response.StatusCode))
        {
            RefuseTunnel();
            return;
        }

        var status = Response.StatusCode;
        PromisedLength = Response.ContentLength;
        if (!StatusLine.AllowsBody(status))
        {
            ThrowIfStatusHasNoBody(Held.Length);

            // As HTTP/1 has it: a 304 may tell the length that the 200 would have had; a 205 says that it has none; a 204 says nothing.
            PromisedLength = status switch { 205 => 0, 304 => PromisedLength, _ => null };
            Mode = BodyMode.Discarding;
        }
        else
        {
            if (handlerHasEnded && Exchange.ExistingExtras is not { HasTrailers: true })
            {
                PromisedLength ??= Held.Length;
            }

            Mode = Exchange.IsHeadRequest ? BodyMode.Discarding : BodyMode.Plain;
        }

        if (Mode == BodyMode.Discarding)
        {
            Held.Clear();
        }

        HeadLength = PromisedLength ?? -1;
        HeadFields = null;
        IsHeadDue = HasStarted = true;
    }

    /// <exception cref="InvalidOperationException">Nothing may be written now.</exception>
    protected void ThrowIfNotWritable()
    {
        if (IsCompleted && !stream.IsGone)
        {
            throw new InvalidOperationException("The response body has been completed; nothing more can be written.");
        }
    }

    /// <summary>What was written is the owner's.</summary>
    protected void HandOver()
    {
        if (!_hasPreparedBody)
        {
            (Held, _out) = (_out, Held);
            _sent = 0;
        }

        Volatile.Write(ref _handedOver, 1);
    }

    /// <summary>What was handed over is sent, or nobody wants it. The owner's alone, who may be reading it.</summary>
    protected void ReleaseOut()
    {
        if (IsHandedOver)
        {
            if (!_hasPreparedBody)
            {
                _out.Clear();
                _sent = 0;
            }

            Volatile.Write(ref _handedOver, 0);
        }
    }

    /// <summary>Makes it ready for the next response.</summary>
    protected void ResetStart()
    {
        Mode = BodyMode.Buffering;
        HasStarted = IsHeadDue = IsCompleted = false;
        Written = 0;
        PromisedLength = null;
        Fault = null;
        HeadFields = null;
        ReleaseOut();
        _isEnding = false;
        _tunnel = null;
        _sent = 0;
        if (_hasPreparedBody)
        {
            _hasPreparedBody = false;
            _preparedBody = default;
        }
    }

    private void Send(PreparedResponse prepared, byte[]? fetched)
    {
        PromisedLength = Written = prepared.BodyLength;
        if (IsStartDue)
        {
            Mode = BodyMode.Prepared;
            Exchange.Extras.Prepared = new PreparedAnswer(prepared, fetched);
            return;
        }

        SetPreparedBody(prepared.Body);
        StartPrepared(prepared);
    }

    private void SendPrepared()
    {
        var (prepared, fetched) = Exchange.Extras.Prepared!;
        var status = Response.StatusCode;
        if (StatusLine.AllowsBody(status) != StatusLine.AllowsBody(prepared.StatusCode))
        {
            throw new InvalidOperationException($"A response that was encoded with status {prepared.StatusCode} cannot be sent with {status}.");
        }

        SetPreparedBody(fetched ?? prepared.Body);
        StartPrepared(prepared);
    }

    private void SetPreparedBody(ReadOnlyMemory<byte> body) => (_preparedBody, _hasPreparedBody) = (body, true);

    private void StartPrepared(PreparedResponse prepared)
    {
        if (WouldOpenTunnel(Response.StatusCode))
        {
            RefuseTunnel();
            return;
        }

        Mode = Exchange.IsHeadRequest || !StatusLine.AllowsBody(prepared.StatusCode) ? BodyMode.Discarding : BodyMode.Plain;
        if (Mode == BodyMode.Discarding && _hasPreparedBody)
        {
            _preparedBody = default;
        }

        HeadFields = prepared;
        HeadLength = -1; // it is among the fields
        IsHeadDue = HasStarted = true;
    }

    // To an extended CONNECT every 2xx says that the stream is another protocol's from now on (RFC 8441 §4): not where its handler has answered a request.
    private bool WouldOpenTunnel(int status) => status is >= 200 and < 300 && Exchange.Head.IsExtendedConnect;

    private void RefuseTunnel()
    {
        Response.SetStatus(501);
        Held.Clear();
        (_preparedBody, _hasPreparedBody, HeadFields) = (default, false, null);
        (Written, PromisedLength, HeadLength) = (0, null, 0);
        Mode = BodyMode.Discarding;
        IsHeadDue = HasStarted = true;
    }

    private void ThrowIfNotSwitchable()
    {
        if (stream.IsGone)
        {
            throw new IOException("The stream was reset.");
        }

        if (!Exchange.Head.IsExtendedConnect)
        {
            throw new InvalidOperationException("Only a request by extended CONNECT (RFC 8441) has a stream to hand over.");
        }

        if (HasStarted || HasBufferedBytes)
        {
            throw new InvalidOperationException("The stream can be handed over before the response is begun.");
        }
    }
}
