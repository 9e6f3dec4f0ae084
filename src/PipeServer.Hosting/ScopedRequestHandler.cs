namespace PipeServer.Hosting;

/// <summary>Answers one request, with the services of a scope of its own.</summary>
/// <remarks>
/// The scope is made before the handler is called and disposed of, asynchronously, when its task has ended, also when it has thrown. Whatever is
/// sent has to be written by then; all else is as with <see cref="RequestHandler"/>.
/// </remarks>
/// <param name="request">What the client asked.</param>
/// <param name="response">What the client gets.</param>
/// <param name="services">The services of the request's scope.</param>
public delegate ValueTask ScopedRequestHandler(HttpRequest request, HttpResponse response, IServiceProvider services);
