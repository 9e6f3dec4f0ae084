namespace PipeServer.Server;

/// <summary>What the caller of <see cref="RequestPipeline"/> does next with an exchange.</summary>
internal enum NextStep : byte
{
    /// <summary>End the answer by <see cref="RequestPipeline.TryEnd(Exchange)"/>.</summary>
    End,

    /// <summary>Await the handler, then end the answer.</summary>
    Handle,

    /// <summary>The client is gone: abort the connection.</summary>
    Abandon,

    /// <summary>The answer cannot be ended: send what was answered before it, then abort the connection.</summary>
    Cut,

    /// <summary>Move to a worker, then ask <see cref="RequestPipeline.AfterHop"/>. This and what is behind it are the hops.</summary>
    Hop,

    /// <summary>Move to the thread pool with a permit, then ask <see cref="RequestPipeline.AfterHop"/>.</summary>
    HopToThreadPool,
}
