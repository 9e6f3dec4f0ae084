using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using PipeServer.Http;

namespace PipeServer.Server.Http1;

/// <summary>
/// A response up to where its body begins: what has become of it so far, and the starts that leave no body to be written, by an encoded response or by
/// handing the connection over.
/// </summary>
internal abstract class ResponseStart(Http1Exchange exchange) : ResponseWriter
{
    /// <summary>What becomes of what is written.</summary>
    protected ResponseMode Mode;

    /// <summary>What is held back.</summary>
    protected HeldBytes Held = new();

    /// <summary>How many bytes of the body were written.</summary>
    protected long Written;

    /// <summary>How many there must be, once the response has started.</summary>
    protected long? PromisedLength;

    /// <summary>Nothing more can be written.</summary>
    protected bool IsCompleted;

    private SwitchedPipe? _switched; // while the mode says so; there is no response after it

    public sealed override Http1Exchange Exchange { get; } = exchange;

    public override bool SupportsTrailers => MayAnnounceTrailers && !Exchange.IsHeadRequest;

    public override bool DropsTrailers => Exchange.IsHttp10 || Exchange.IsHeadRequest;

    public override bool MayAnnounceTrailers => !Exchange.IsHttp10 && (HasStarted
        ? Mode == ResponseMode.Chunked
        : Mode != ResponseMode.Prepared && Response.ContentLength is null && StatusLine.AllowsBody(Response.StatusCode));

    public sealed override bool HasBufferedBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !HasStarted && (Held.Length > 0 || Mode == ResponseMode.Prepared);
    }

    public override long BodyBytesSent => Mode switch
    {
        ResponseMode.Plain or ResponseMode.Chunked => Written,
        ResponseMode.Switched => _switched!.BytesWritten,
        _ => 0,
    };

    /// <summary>How many bytes the handler has got of a connection that it has taken over.</summary>
    public long SwitchedBytesRead => Mode == ResponseMode.Switched ? _switched!.BytesRead : 0;

    public override bool CanUpgrade => UpgradeRules.IsOffered(Exchange.Head);

    protected HttpResponse Response => Exchange.Response;

    /// <summary>The request was aborted: what is written goes nowhere. Not for what is held back, which goes nowhere anyhow.</summary>
    /// <exception cref="InvalidOperationException">It was not, and nothing may be written any more.</exception>
    protected bool IsDiscarding
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (IsCompleted || Exchange.IsAborted) && IsAborted();
    }

    protected Http1Output Output => Exchange.Output;

    /// <summary>Starts and ends the response with one that is encoded already.</summary>
    public sealed override void Send(PreparedResponse prepared)
    {
        if (IsDiscarding)
        {
            return;
        }

        Exchange.RequestBody.ThrowIfArrivedIsMalformed();
        if (Exchange.ExistingExtras is { ChangesStart: true } extras)
        {
            Send(new PreparedAnswer(prepared), extras);
            return;
        }

        PromisedLength = Written = prepared.Body.Length;
        Mode = Exchange.IsHeadRequest || !StatusLine.AllowsBody(prepared.StatusCode) ? ResponseMode.Discarding : ResponseMode.Plain;
        HasStarted = true;
        if (Exchange.IsOrdinary(prepared))
        {
            Exchange.WritePrepared(prepared, withBody: Mode == ResponseMode.Plain);
            if (prepared.Pinned is null)
            {
                return;
            }
        }
        else
        {
            Exchange.WriteResponseHead(ResponseFraming.None, 0, handlerHasEnded: false, prepared);
        }

        if (Mode == ResponseMode.Plain)
        {
            Output.WriteBody(prepared);
        }
    }

    /// <summary>The same with a body that is fetched first; false, with nothing written, when its source does not have it.</summary>
    public sealed override bool TrySend(PreparedResponse prepared, IBodySource source)
    {
        if (IsDiscarding)
        {
            return true;
        }

        Exchange.RequestBody.ThrowIfArrivedIsMalformed();
        var hasBody = !Exchange.IsHeadRequest && StatusLine.AllowsBody(prepared.StatusCode);
        if (Exchange.ExistingExtras is { ChangesStart: true } extras)
        {
            var body = new byte[hasBody ? prepared.BodyLength : 0];
            if (hasBody && !source.TryRead(body))
            {
                return false;
            }

            Send(new PreparedAnswer(prepared, body), extras);
            return true;
        }

        if (!hasBody)
        {
            Exchange.WriteResponseHead(ResponseFraming.None, 0, handlerHasEnded: false, prepared);
        }
        else if (!(Exchange.IsOrdinary(prepared) ? Exchange.TryWritePrepared(prepared, source) : Exchange.TryWriteByCopy(prepared, source)))
        {
            return false;
        }

        PromisedLength = Written = prepared.BodyLength;
        Mode = hasBody ? ResponseMode.Plain : ResponseMode.Discarding;
        HasStarted = true;
        return true;
    }

    public override ValueTask<IDuplexPipe> UpgradeAsync()
    {
        if (!CanUpgrade)
        {
            throw new InvalidOperationException(
                "The client has not offered another protocol, which takes HTTP/1.1, the connection option upgrade and an Upgrade field; see CanUpgrade.");
        }

        return SwitchAsync(101, isUpgrade: true);
    }

    public override ValueTask<IDuplexPipe> SwitchAsync(int statusCode) => SwitchAsync(statusCode, isUpgrade: false);

    /// <summary>The connection is the handler's no more.</summary>
    /// <returns>What is wrong with how it has left it, or null.</returns>
    protected string? EndSwitched() => _switched!.End();

    /// <summary>Sends an encoded response, before which the handler wanted to be called.</summary>
    protected void SendPrepared()
    {
        var (prepared, fetched) = Exchange.Extras.Prepared!;
        var (status, hasBody) = (Response.StatusCode, StatusLine.AllowsBody(prepared.StatusCode));
        if (StatusLine.AllowsBody(status) != hasBody)
        {
            throw new InvalidOperationException($"A response that was encoded with status {prepared.StatusCode} cannot be sent with {status}.");
        }

        Mode = Exchange.IsHeadRequest || !hasBody ? ResponseMode.Discarding : ResponseMode.Plain;
        HasStarted = true;
        Exchange.WriteResponseHead(ResponseFraming.None, 0, handlerHasEnded: false, prepared);
        if (Mode == ResponseMode.Plain && fetched is not null)
        {
            Output.Writer.Write(fetched);
        }
        else if (Mode == ResponseMode.Plain)
        {
            Output.WriteBody(prepared);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool IsAborted() => Exchange.IsAborted
        ? true
        : throw new InvalidOperationException("The response body has been completed; nothing more can be written.");

    // There is a reason phrase, or somebody wants to be called before: not the ordinary writers.
    private void Send(PreparedAnswer answer, ExchangeExtras extras)
    {
        PromisedLength = Written = answer.Response.BodyLength;
        Mode = ResponseMode.Prepared;
        extras.Prepared = answer;
        if (!IsStartDue)
        {
            SendPrepared();
        }
    }

    private async ValueTask<IDuplexPipe> SwitchAsync(int statusCode, bool isUpgrade)
    {
        ThrowIfNotSwitchable();
        if (IsStartDue)
        {
            await RunStartingAsync(statusCode).ConfigureAwait(false);
            ThrowIfNotSwitchable();
        }

        if (isUpgrade && !UpgradeRules.IsAmongOffered(Exchange.Head.Fields, Response.Fields))
        {
            throw new InvalidOperationException("The response needs an Upgrade field that names a protocol which the client has offered (RFC 9110 §7.8).");
        }

        var pipe = _switched = new SwitchedPipe(Exchange);
        Mode = ResponseMode.Switched;
        IsCompleted = HasStarted = true;
        Response.SetStatus(statusCode);
        var input = Exchange.Connection.WaitForInputAsync();
        if (!input.IsCompleted)
        {
            await input.ConfigureAwait(false);
            if (Exchange.MustLeaveTransportThread)
            {
                await Task.Yield();
            }
        }

        pipe.Open(statusCode);
        await Output.FlushForHandlerAsync(Exchange, CancellationToken.None).ConfigureAwait(false);
        return pipe;
    }

    private void ThrowIfNotSwitchable()
    {
        if (IsDiscarding)
        {
            throw new IOException("The request was aborted.");
        }

        if (HasStarted || HasBufferedBytes || !Exchange.RequestBody.IsFullyRead)
        {
            throw new InvalidOperationException("The connection can be handed over before the response is begun, and after the request's body is read.");
        }
    }
}
