namespace PipeServer.Routing;

/// <summary>What the route table knows of a request.</summary>
internal enum RouteOutcome : byte
{
    /// <summary>No route has this path, and there is no fallback.</summary>
    NotFound,

    /// <summary>There is a handler.</summary>
    Found,

    /// <summary>The path has routes, but only for other methods.</summary>
    MethodNotAllowed,

    /// <summary>An OPTIONS request that the server answers by itself with the methods of the path.</summary>
    Options,

    /// <summary>No route of the whole server has this method, and the server does not know it either.</summary>
    UnknownMethod,
}
