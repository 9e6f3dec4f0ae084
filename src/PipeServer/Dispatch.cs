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
    /// does block holds up other connections. One that is an <see cref="Action{T1, T2}"/> is known never to wait either, so that answers
    /// to pipelined requests before it are sent together with its own; before every other handler they are sent first.
    /// </summary>
    Inline,
}
