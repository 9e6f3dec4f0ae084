namespace PipeServer.Hosting;

/// <summary>A handler as a class: its constructor takes the services that it needs.</summary>
/// <remarks>
/// It is resolved from a scope of the request: a new object for each request, unless the program has registered its class with another lifetime. A
/// singleton is called by several threads at once.
/// </remarks>
public interface IRequestHandler
{
    /// <summary>Answers one request; as <see cref="RequestHandler"/>.</summary>
    /// <param name="request">What the client asked.</param>
    /// <param name="response">What the client gets.</param>
    ValueTask HandleAsync(HttpRequest request, HttpResponse response);
}
