namespace PipeServer;

/// <summary>Where a handler runs.</summary>
public enum Dispatch
{
    /// <summary>
    /// On a worker of the pool: the handler may block. An async handler frees its worker at its first await that waits, and goes on, on the
    /// thread pool, without being counted: from then on how many are at work is bounded by <see cref="HttpServerOptions.MaxConnections"/> only.
    /// </summary>
    Worker,

    /// <summary>
    /// Directly on the thread that received the request: the fastest way, for handlers that never block. A handler that
    /// does block holds up other connections. One that is an <see cref="Action{T1, T2}"/> is known never to wait either, so that answers
    /// to pipelined requests before it are sent together with its own; before every other handler they are sent first.
    /// </summary>
    Inline,

    /// <summary>
    /// On the .NET thread pool, never on an event loop: for a handler that awaits a lot and may block, or of which nothing is known. Bounded to its end: a
    /// request holds one of <see cref="HttpServerOptions.ThreadPoolConcurrency"/> permits from the start of its handler until its answer has ended,
    /// <see cref="HttpResponse.OnCompleted"/> included, or its connection is upgraded, and
    /// waits for one as others wait for a worker: <see cref="HttpServerOptions.QueueCapacity"/>,
    /// <see cref="HttpServerOptions.QueueTimeout"/> and <see cref="HttpServerOptions.Overload"/> say how.
    /// </summary>
    ThreadPool,
}
