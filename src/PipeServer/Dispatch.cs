namespace PipeServer;

/// <summary>Where a handler runs.</summary>
public enum Dispatch
{
    /// <summary>
    /// On a worker of the pool: the handler may block. An async handler frees its worker at its first await that waits.
    /// </summary>
    Worker,

    /// <summary>
    /// Directly on the thread that received the request: the fastest way, for handlers that never block. A handler that
    /// does block holds up other connections.
    /// </summary>
    Inline,
}
