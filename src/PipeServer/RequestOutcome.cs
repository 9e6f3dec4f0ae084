namespace PipeServer;

/// <summary>How a request has ended.</summary>
public enum RequestOutcome
{
    /// <summary>Its handler has answered, or the server where no handler is mapped (404, 405, 501, OPTIONS).</summary>
    Answered,

    /// <summary>
    /// The server has answered in place of a handler, and the reason says why: a malformed head or body, a limit, a timeout, no worker (400, 408,
    /// 413, 414, 417, 429, 431, 501, 503, 505).
    /// </summary>
    Refused,

    /// <summary>The handler has thrown or broken its own promise: 500, or a connection that was cut because the response had begun.</summary>
    Faulted,

    /// <summary>The client has left, or was cut off, before its answer was complete.</summary>
    Aborted,
}
