namespace PipeServer;

/// <summary>Answers one request.</summary>
/// <remarks>
/// <para>
/// The request and the response belong to the connection and are used again for its next request: they must not be
/// touched after the returned task has ended. The response is sent when the task ends, or as far as it was flushed before.
/// </para>
/// <para>
/// A handler that throws is answered with 500 when nothing has been sent yet, else the connection is aborted; either way
/// it is logged once.
/// </para>
/// </remarks>
/// <param name="request">What the client asked.</param>
/// <param name="response">What the client gets.</param>
public delegate ValueTask RequestHandler(HttpRequest request, HttpResponse response);
