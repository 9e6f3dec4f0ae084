namespace PipeServer.Routing;

/// <summary>A handler and where it runs.</summary>
internal sealed record Endpoint(RequestHandler Handler, Dispatch Dispatch);
