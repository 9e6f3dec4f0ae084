using PipeServer.Http;
using PipeServer.Workers;

namespace PipeServer.Server.Http2;

/// <summary>A stream of an HTTP/2 connection: one request and its response (RFC 9113 §5).</summary>
/// <remarks>
/// Two sides work on it: the owner of the connection's output, which alone sends and receives frames, and whoever runs the handler.
/// <see cref="Signal"/> is how the second one calls the first.
/// </remarks>
internal sealed class Http2Stream : Exchange, IBodyHost
{
    public Http2Stream(ServerContext server)
        : base(new RequestHead())
    {
        Server = server;
        RequestBody = new Http2RequestBody(this);
    }

    /// <summary>Whose requests it carries.</summary>
    public ServerContext Server { get; }

    /// <summary>The number of the stream: odd, and larger than of those before it.</summary>
    public int Id { get; private set; }

    /// <summary>The request's body.</summary>
    public Http2RequestBody RequestBody { get; }

    public override BoundedThreadPool ThreadPool => Server.ThreadPool;

    public override Connection Connection => throw new NotSupportedException();

    public override bool IsCarried => throw new NotSupportedException();

    public override long BodyBytesReceived => throw new NotSupportedException();

    public override bool IsClientGone => throw new NotSupportedException();

    public override bool IsAborted => throw new NotSupportedException();

    // What the body asks for; the limits are the exchange's.
    TimeSpan IBodyHost.BodyTimeout => Connection.Rules.RequestBodyTimeout;

    Heartbeat IBodyHost.Heartbeat => Server.Heartbeat;

    ConnectionWindow IBodyHost.Window => throw new NotSupportedException();

    /// <summary>The owner of the connection's output is to look at the stream: there is something to send, or to count. From any thread.</summary>
    public void Signal() => throw new NotSupportedException();

    public override void Abort() => throw new NotSupportedException();

    public override RequestError CheckUnreadBody() => throw new NotSupportedException();

    public override void CloseAfterResponse() => throw new NotSupportedException();

    public override void Count(bool isRefusal) => throw new NotSupportedException();

    public override RequestActivity? Observe(string worker) => throw new NotSupportedException();

    protected override void Run() => throw new NotSupportedException();
}
