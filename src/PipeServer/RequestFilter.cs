namespace PipeServer;

/// <summary>
/// Stands in front of handlers: looks at a request before its handler does, may answer instead of it, and sees what it throws and what it leaves.
/// </summary>
/// <remarks>
/// Runs where the handler runs, and is held to the same: one in front of a <see cref="Dispatch.Inline"/> handler must not block. What it throws
/// is answered as the handler's fault. See <see cref="RouteBuilder.AddFilter(RequestFilter)"/>.
/// </remarks>
/// <param name="request">What the client asked.</param>
/// <param name="response">
/// What the client gets. After <paramref name="next"/> it can be changed as long as <see cref="HttpResponse.HasStarted"/> is false.
/// </param>
/// <param name="next">The next filter, or the handler. To be called once, or not at all where the filter answers itself.</param>
public delegate ValueTask RequestFilter(HttpRequest request, HttpResponse response, RequestHandler next);
