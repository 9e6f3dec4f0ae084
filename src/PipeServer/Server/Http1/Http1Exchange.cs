using System.Buffers;
using PipeServer.Http;

namespace PipeServer.Server.Http1;

/// <summary>The requests of an HTTP/1 connection, one after the other, and how the heads of their responses are written.</summary>
internal sealed class Http1Exchange : Exchange
{
    private readonly Http1Connection _connection;

    public Http1Exchange(Http1Connection connection, Http1Output output)
        : base(connection, new RequestHead())
    {
        _connection = connection;
        Output = output;
        RequestBody = new RequestBody(this);
        ResponseBody = new ResponseBody(this);
        Writer = ResponseBody;
        Request = new HttpRequest(Head, RequestBody, RequestBody);
        Response = new HttpResponse(ResponseBody);
    }

    /// <summary>Where the response goes.</summary>
    public Http1Output Output { get; }

    public RequestBody RequestBody { get; }

    public ResponseBody ResponseBody { get; }

    public bool IsHeadRequest => Head.Method == RequestMethod.Head;

    public bool IsHttp10 => Head.MinorVersion == 0;

    public override bool IsClientGone => Output.IsClientGone || _connection.Transport.IsClosed;

    public override RequestError CheckUnreadBody()
    {
        RequestBody.Detach();
        return RequestBody.DiscardArrived();
    }

    public override void CloseAfterResponse() => _connection.CloseAfterResponse();

    /// <summary>Between two requests: gives back the buffers that the last one has needed.</summary>
    public void Release()
    {
        ResponseBody.Release();
        Response.Fields.Clear();
        Response.Fields.Release();
        Head.Release();
    }

    public override void Count(bool isRefusal) => _connection.CountAnswer(isRefusal);

    /// <summary>Writes the head of the response, and settles whether it is the connection's last.</summary>
    /// <param name="framing">How the body ends.</param>
    /// <param name="contentLength">The body's length, where the framing tells it.</param>
    /// <param name="handlerHasEnded">The handler has ended, so it will read no more of the request.</param>
    /// <param name="prepared">A response whose encoded field lines, framing included, go beside the response's own; or null.</param>
    public void WriteResponseHead(ResponseFraming framing, long contentLength, bool handlerHasEnded, PreparedResponse? prepared = null)
    {
        // A client that still waits for 100 Continue, and now will not get it, may send its body or not: the next bytes
        // have no certain meaning. Nor is a large unread body worth waiting for. In a drain the last response is the one
        // with nothing behind it: what is buffered already is answered first.
        if (!Head.KeepAlive
            || Response.CloseConnection
            || RequestBody.ContinuePending
            || ((handlerHasEnded || !RequestBody.IsTouched) && RequestBody.IsTooLongToDrain)
            || (_connection.Draining.IsCancellationRequested && !_connection.IsMoreBuffered && !RequestBody.IsMoreBehind()))
        {
            _connection.CloseAfterResponse();
        }

        var connection = _connection.IsClosing ? ConnectionHeader.Close
            : IsHttp10 ? ConnectionHeader.KeepAlive
            : ConnectionHeader.None;
        var heartbeat = _connection.Server.Heartbeat;
        ReadOnlySpan<byte> serverAndDate = Response.Fields.IndexOf("Last-Modified"u8) < 0 ? heartbeat.ServerAndDate : heartbeat.ServerAndDateNow;
        if (prepared is { HasServer: true } && !Response.Fields.Has(KnownHeader.Server))
        {
            serverAndDate = DateHeader.WithoutServer(serverAndDate);
        }

        var lines = prepared is null ? default : prepared.Fields.AsSpan();
        ResponseHeadWriter.Write(
            Output.Writer, Response.StatusCode, serverAndDate, Response.Fields, framing, contentLength, connection, lines);
    }

    /// <summary>Writes the head behind which another protocol is spoken, and takes the connection out of the request loop.</summary>
    public SwitchedPipe Switch(int statusCode)
    {
        var pipe = _connection.Switch();
        ResponseHeadWriter.Write(
            Output.Writer, statusCode, _connection.Server.Heartbeat.ServerAndDate, Response.Fields, ResponseFraming.None, contentLength: 0,
            statusCode == 101 ? ConnectionHeader.Upgrade : ConnectionHeader.None);
        return pipe;
    }

    /// <summary>Tells a client that waits for it to send its body; of no use once the response has begun.</summary>
    public async ValueTask SendContinueAsync()
    {
        if (!Writer.HasStarted)
        {
            Output.Writer.Write("HTTP/1.1 100 Continue\r\n\r\n"u8);
            await Output.FlushAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
