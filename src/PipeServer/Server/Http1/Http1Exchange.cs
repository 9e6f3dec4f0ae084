using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using PipeServer.Http;
using PipeServer.Workers;

namespace PipeServer.Server.Http1;

/// <summary>
/// A request of an HTTP/1 connection, what its handler gets for it, and how the head of the response is written. Goes from connection to
/// connection: see <see cref="ExchangePool"/>.
/// </summary>
internal sealed class Http1Exchange : Exchange
{
    // What a block of every transport has room for.
    private const int OnePieceBytes = 4096;

    private Http1Connection? _connection; // while it has a request in progress
    private volatile Place _place;

    public Http1Exchange(ServerContext server)
        : base(new RequestHead())
    {
        Server = server;
        RequestBody = new RequestBody(this);
        ResponseBody = new ResponseBody(this);
        Writer = ResponseBody;
        Request = new HttpRequest(this, RequestBody, RequestBody);
        Response = new HttpResponse(ResponseBody);
        Synchronous = new SynchronousLoop(this);
    }

    private enum Place
    {
        // Rented from the shared part of the pool, or there.
        Shared,

        // A thread's own, and free.
        OfThread,

        // A thread's own, and rented.
        Taken,

        // A thread's own once, which will not come back.
        Lost,
    }

    /// <summary>Whose requests it carries.</summary>
    public ServerContext Server { get; }

    public override BoundedThreadPool ThreadPool => Server.ThreadPool;

    public override Http1Connection Connection => _connection!;

    public override bool IsCarried => _connection is not null;

    /// <summary>Where the response goes.</summary>
    public Http1Output Output => _connection!.Out;

    /// <summary>What serves the request as long as nothing has to wait.</summary>
    public SynchronousLoop Synchronous { get; }

    /// <summary>A thread's own once, which will not come back.</summary>
    public bool IsLost => _place == Place.Lost;

    public RequestBody RequestBody { get; }

    public ResponseBody ResponseBody { get; }

    public bool IsHeadRequest => Head.Method == RequestMethod.Head;

    public bool IsHttp10 => Head.MinorVersion == 0;

    public override bool IsClientGone => Output.IsClientGone || _connection!.Transport.IsClosed;

    public override bool IsAborted => _connection is { IsRequestAborted: true };

    public override long BodyBytesReceived => RequestBody.ReceivedBytes + ResponseBody.SwitchedBytesRead;

    public override RequestActivity? Observe(string worker) => _connection?.Observe(this, worker);

    public override RequestError CheckUnreadBody()
    {
        RequestBody.Detach();
        return RequestBody.DiscardArrived();
    }

    public override void Abort(uint errorCode) => _connection?.AbortRequest(this);

    public override void CloseAfterResponse() => _connection!.CloseAfterResponse();

    /// <summary>The request is answered to its end: lets go of its head, and of a body that lies in the input with it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndRequest()
    {
        RequestBody.EndArrived();
        Head.Reset();
    }

    /// <summary>Makes it a thread's own; rented.</summary>
    public void BelongToThread() => _place = Place.Taken;

    /// <summary>Rents it for the thread whose own it is; false when it is rented already, or another server's.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTake(ServerContext server)
    {
        if (_place != Place.OfThread || Server != server)
        {
            return false;
        }

        _place = Place.Taken;
        return true;
    }

    /// <summary>Gives it back to the thread whose own it is; false when it is nobody's. From any thread.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryReturnToThread()
    {
        if (_place == Place.Shared)
        {
            return false;
        }

        _place = Place.OfThread; // last of all: from now on it may be in use
        return true;
    }

    /// <summary>Tells its thread that it will not come back: somebody may still use it.</summary>
    public void Lose()
    {
        ReturnPermit(); // mostly it is back: only a fault of our own has kept it
        if (_place == Place.Taken)
        {
            _place = Place.Lost;
        }
    }

    /// <summary>Takes up the requests of a connection.</summary>
    public void Attach(Http1Connection connection) => _connection = connection;

    /// <summary>Between two requests: lets go of the connection, and gives back what a large request has needed.</summary>
    public void Release()
    {
        RequestBody.Release();
        ResponseBody.Release();
        Response.Release();
        ReleaseExtras();
        Head.Release();
        _connection = null;
    }

    public override void Count(bool isRefusal) => _connection!.CountAnswer(isRefusal);

    protected override void Run() => Synchronous.ContinueOnThreadPool();

    /// <summary>Writes the head of the response, and settles whether it is the connection's last.</summary>
    /// <param name="framing">How the body ends.</param>
    /// <param name="contentLength">The body's length, where the framing tells it.</param>
    /// <param name="handlerHasEnded">The handler has ended, so it will read no more of the request.</param>
    /// <param name="prepared">A response whose encoded field lines, framing included, go beside the response's own; or null.</param>
    public void WriteResponseHead(ResponseFraming framing, long contentLength, bool handlerHasEnded, PreparedResponse? prepared = null)
    {
        var connection = SettleConnection(handlerHasEnded, prepared);
        var heartbeat = Server.Heartbeat;
        var fields = Response.Fields;
        var hasTime = fields.IndexOf("Last-Modified"u8) >= 0 || prepared?.LastModified > heartbeat.Second;
        var serverAndDate = hasTime ? heartbeat.ServerAndDateNow : heartbeat.ServerAndDate;
        if (prepared is { HasServer: true } && !fields.Has(KnownHeader.Server))
        {
            serverAndDate = DateHeader.WithoutServer(serverAndDate);
        }

        var lines = prepared is null ? default : prepared.Fields;
        ResponseHeadWriter.Write(
            Output.Writer, Response.StatusCode, serverAndDate, fields, framing, contentLength, connection, lines, StatusLineOf(Response.StatusCode));
    }

    /// <summary>True when <see cref="WriteWhole"/> may write the response, as far as its fields go.</summary>
    /// <param name="lines">The fields but for <see cref="HttpResponse.TypeLine"/>, as they are sent.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool AreFieldsOrdinary(out ReadOnlySpan<byte> lines)
    {
        var fields = Response.ListedFields;
        if (fields.Count > 0)
        {
            return AreOrdinary(fields, out lines);
        }

        lines = default;
        return true;
    }

    /// <summary>
    /// Writes a whole response whose handler has ended, head and body in one piece: the same bytes as
    /// <see cref="WriteResponseHead"/> and the body behind it.
    /// </summary>
    /// <param name="lines">See <see cref="AreFieldsOrdinary"/>.</param>
    /// <param name="body">The body, of a status that has one, for a method that wants it.</param>
    public void WriteWhole(ReadOnlySpan<byte> lines, ReadOnlySpan<byte> body)
    {
        var connection = SettleConnection(handlerHasEnded: true);
        var type = Response.TypeLine;
        var headRoom = ResponseHeadWriter.MaxBeginBytes + lines.Length + (type is null ? 0 : type.Padded.Length) + 2;
        var writer = Output.Writer;
        var buffer = writer.GetSpan(RoomFor(headRoom, body));
        var length = ResponseHeadWriter.Begin(buffer, Response.StatusCode, Server.Heartbeat.OkBlock, body.Length, connection);
        if (lines.Length > 0)
        {
            lines.CopyTo(buffer[length..]);
            length += lines.Length;
        }

        if (type is not null)
        {
            type.CopyTo(buffer[length..]);
            length += type.Length;
        }

        "\r\n"u8.CopyTo(buffer[length..]);
        Write(writer, buffer, length + 2, body);
    }

    /// <summary>True when <see cref="WritePrepared"/> may write a response.</summary>
    public bool IsOrdinary(PreparedResponse prepared) =>
        !prepared.HasServer && Response.TypeLine is null && Response.ListedFields.Count == 0
        && prepared.LastModified <= Server.Heartbeat.Second;

    /// <summary>
    /// Writes a prepared response beside which no field was set: the same bytes as <see cref="WriteResponseHead"/> and the body behind it.
    /// </summary>
    /// <param name="prepared">The response, with the server's own Server field.</param>
    /// <param name="withBody">The request's method and the status have one. A pinned one is the caller's to write.</param>
    public void WritePrepared(PreparedResponse prepared, bool withBody)
    {
        var connection = SettleConnection(handlerHasEnded: false, prepared);
        var rest = withBody ? prepared.HeadEndAndBody : prepared.HeadEnd;
        var writer = Output.Writer;
        var buffer = writer.GetSpan(RoomFor(ResponseHeadWriter.MaxBeginBytes, rest));
        var length = ResponseHeadWriter.Begin(buffer, prepared.StatusCode, Server.Heartbeat.OkBlock, contentLength: -1, connection);
        Write(writer, buffer, length, rest);
    }

    /// <summary>
    /// The same with a body that is fetched to its place behind the head; false when its source does not have it. Then nothing is written.
    /// </summary>
    public bool TryWritePrepared(PreparedResponse prepared, IBodySource source)
    {
        var isLast = IsLast(handlerHasEnded: false);
        var extras = _connection!.Extras | (isLast ? HeadExtras.Closing : HeadExtras.None);
        var writer = Output.Writer;
        var buffer = writer.GetSpan(ResponseHeadWriter.MaxBeginBytes + prepared.HeadEnd.Length + prepared.BodyLength);
        var length = ResponseHeadWriter.Begin(
            buffer, prepared.StatusCode, Server.Heartbeat.OkBlock, contentLength: -1, Lines(extras, prepared));
        prepared.HeadEnd.CopyTo(buffer[length..]);
        length += prepared.HeadEnd.Length;
        if (!source.TryRead(buffer.Slice(length, prepared.BodyLength)))
        {
            return false;
        }

        if (isLast)
        {
            _connection!.CloseAfterResponse();
        }

        writer.Advance(length + prepared.BodyLength);
        return true;
    }

    /// <summary>
    /// The same beside which fields were set: how long the head is going to be is not known then, and so not where the body's place is. False, with
    /// nothing written, when the source does not have the body.
    /// </summary>
    public bool TryWriteByCopy(PreparedResponse prepared, IBodySource source)
    {
        var array = ArrayPool<byte>.Shared.Rent(prepared.BodyLength);
        try
        {
            var body = array.AsSpan(0, prepared.BodyLength);
            if (!source.TryRead(body))
            {
                return false;
            }

            WriteResponseHead(ResponseFraming.None, 0, handlerHasEnded: false, prepared);
            Output.Writer.Write(body);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(array);
        }
    }

    /// <summary>Takes the connection out of the request loop, and writes the head behind which another protocol is spoken.</summary>
    public void Switch(SwitchedPipe pipe, int statusCode)
    {
        _connection!.Switch(pipe);
        var lines = LinesOf(prepared: null);
        ResponseHeadWriter.Write(
            Output.Writer, statusCode, Server.Heartbeat.ServerAndDate, Response.Fields, ResponseFraming.None, contentLength: 0,
            statusCode == 101 ? lines.Upgrade : lines.Open, statusLine: StatusLineOf(statusCode));
    }

    /// <summary>Tells a client that waits for it to send its body; of no use once the response has begun.</summary>
    public async ValueTask SendContinueAsync()
    {
        if (!Writer.HasStarted)
        {
            Output.Writer.Write("HTTP/1.1 100 Continue\r\n\r\n"u8);
            await Output.FlushForHandlerAsync(this, CancellationToken.None).ConfigureAwait(false);
        }
    }

    // Empty where it is the usual one.
    private ReadOnlySpan<byte> StatusLineOf(int statusCode) =>
        ExistingExtras?.ReasonPhrase is { } phrase ? StatusLine.With(statusCode, phrase) : default;

    private static bool AreOrdinary(HeaderFields fields, out ReadOnlySpan<byte> lines) =>
        fields.TryGetLines(out lines) && !fields.Has(KnownHeader.Server) && fields.IndexOf("Last-Modified"u8) < 0;

    // What is larger than one block goes behind the head in pieces.
    private static int RoomFor(int headRoom, ReadOnlySpan<byte> body) => headRoom + body.Length <= OnePieceBytes ? headRoom + body.Length : headRoom;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(PipeWriter writer, Span<byte> buffer, int length, ReadOnlySpan<byte> body)
    {
        if (body.Length <= buffer.Length - length)
        {
            body.CopyTo(buffer[length..]);
            writer.Advance(length + body.Length);
        }
        else
        {
            writer.Advance(length);
            writer.Write(body);
        }
    }

    // Whether the response is the connection's last, and what its head says of that.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte[]? SettleConnection(bool handlerHasEnded, PreparedResponse? prepared = null)
    {
        if (IsLast(handlerHasEnded))
        {
            _connection!.CloseAfterResponse();
        }

        return Lines(_connection!.Extras, prepared);
    }

    // A client that still waits for 100 Continue, and now will not get it, may send its body or not: the next bytes
    // have no certain meaning. Nor is a large unread body worth waiting for. In a drain the last response is the one
    // with nothing behind it: what is buffered already is answered first.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsLast(bool handlerHasEnded) =>
        !Head.KeepAlive
        || Response.CloseConnection
        || RequestBody.ContinuePending
        || ((handlerHasEnded || !RequestBody.IsTouched) && RequestBody.IsTooLongToDrain)
        || (_connection!.Draining.IsCancellationRequested && !_connection.IsMoreBuffered && !RequestBody.IsMoreBehind());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte[]? Lines(HeadExtras extras, PreparedResponse? prepared) =>
        extras == HeadExtras.None ? (IsHttp10 ? ConnectionLines.Plain.KeepAlive : null)
        : extras == HeadExtras.Closing ? ConnectionLines.Plain.Close
        : StrictLines(extras, prepared);

    // Apart, so that connections without Strict-Transport-Security cost nothing more.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte[]? StrictLines(HeadExtras extras, PreparedResponse? prepared)
    {
        var lines = LinesOf(prepared);
        return (extras & HeadExtras.Closing) != HeadExtras.None ? lines.Close : IsHttp10 ? lines.KeepAlive : lines.Open;
    }

    // A handler's own field goes before the server's: of two, clients would heed the first only (RFC 6797 §8.1).
    private ConnectionLines LinesOf(PreparedResponse? prepared) =>
        (_connection!.Extras & HeadExtras.StrictTransport) == HeadExtras.None || prepared is { HasStrictTransport: true }
            || Response.Fields.IndexOf("Strict-Transport-Security"u8) >= 0
                ? ConnectionLines.Plain
                : _connection.Rules.StrictTransport!;
}
