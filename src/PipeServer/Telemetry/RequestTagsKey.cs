using PipeServer.Http;
using PipeServer.Routing;

namespace PipeServer.Telemetry;

/// <summary>What the tags of a request's duration are made of.</summary>
/// <param name="Method">The method.</param>
/// <param name="Status">The status that was sent; 0 for none.</param>
/// <param name="Version">The minor version of HTTP; -1 where the head was malformed.</param>
/// <param name="Route">The route; null for none.</param>
/// <param name="ErrorType">See <see cref="ErrorTypes"/>.</param>
internal readonly record struct RequestTagsKey(RequestMethod Method, int Status, int Version, RoutePattern? Route, string? ErrorType);
