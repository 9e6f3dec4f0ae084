namespace PipeServer.Routing;

/// <summary>What answers a route, and where it runs.</summary>
/// <param name="Answer">The handler.</param>
/// <param name="Dispatch">Where it runs.</param>
/// <param name="TryAnswer">
/// The handler that is asked first, on the thread that received the request, and may answer at once; or null.
/// </param>
internal sealed record RouteHandler(RequestHandler Answer, Dispatch Dispatch, TryRequestHandler? TryAnswer = null);
