using System.Net;

namespace PipeServer;

/// <summary>
/// What became of one request: for access logs and metrics. Valid during the call that it is passed to, together with all that it gives out.
/// </summary>
public readonly ref struct RequestCompletion
{
    internal RequestCompletion(HttpRequest? request, ReadOnlySpan<byte> requestLine, EndPoint? remoteEndPoint)
    {
        Request = request;
        RequestLine = requestLine;
        RemoteEndPoint = remoteEndPoint;
    }

    /// <summary>The request; null where its head was malformed, was too slow, or was never read because there were too many connections.</summary>
    public HttpRequest? Request { get; }

    /// <summary>
    /// The request line as it was received, without its end: of a malformed head what had come of it, which may be any bytes; empty where nothing
    /// was read. Nothing in it is decoded or escaped.
    /// </summary>
    public ReadOnlySpan<byte> RequestLine { get; }

    /// <summary>The client's address, behind a trusted proxy its own; null where the transport knows none (unix sockets).</summary>
    public EndPoint? RemoteEndPoint { get; }

    /// <summary>
    /// What the connection's TLS handshake has agreed on; null where it is not encrypted. Stays valid.
    /// </summary>
    public TlsConnectionInfo? Tls { get; internal init; }

    /// <summary>The status that was sent; 0 where nothing was, because the client had left.</summary>
    public int StatusCode { get; internal init; }

    /// <summary>How it has ended.</summary>
    public RequestOutcome Outcome { get; internal init; }

    /// <summary>Why it was refused or cut off, in words of the server's own, without anything that the client sent; otherwise null.</summary>
    public string? Reason { get; internal init; }

    /// <summary>What the handler has thrown, if that ended the request.</summary>
    public Exception? Exception { get; internal init; }

    /// <summary>
    /// How many bytes of the request's body have arrived, without its framing; and, of a connection that its handler has taken over
    /// (<see cref="HttpResponse.UpgradeAsync"/>), how many of those behind the head it has read.
    /// </summary>
    public long BodyBytesReceived { get; internal init; }

    /// <summary>
    /// How many bytes of the response's body were handed to the connection, without its framing; 0 for HEAD. Of a connection that its handler has taken
    /// over, how many it has written behind the head.
    /// </summary>
    public long BodyBytesSent { get; internal init; }

    /// <summary>How many messages of a WebSocket have come as a whole; null where the connection was not one.</summary>
    public long? MessagesReceived { get; internal init; }

    /// <summary>How many messages of a WebSocket were sent to their end; null where the connection was not one.</summary>
    public long? MessagesSent { get; internal init; }

    /// <summary>
    /// From the complete head to the end of the answer, as it is handed to the system: the client may still be reading. Zero for a request that was
    /// refused by its head.
    /// </summary>
    public TimeSpan Duration { get; internal init; }

    /// <summary>How much of that it has waited for a worker; zero where it needed none.</summary>
    public TimeSpan QueueWait { get; internal init; }

    /// <summary>The number of the worker that has run the handler, or null: it ran where the request was received, or not at all.</summary>
    public int? Worker { get; internal init; }
}
