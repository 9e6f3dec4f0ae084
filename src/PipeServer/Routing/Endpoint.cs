namespace PipeServer.Routing;

/// <summary>A handler and where it runs.</summary>
/// <param name="Handler">What answers.</param>
/// <param name="Dispatch">Where.</param>
/// <param name="First">What may answer before, on the thread that received the request; or null.</param>
internal sealed record Endpoint(RequestHandler Handler, Dispatch Dispatch, TryRequestHandler? First = null);
