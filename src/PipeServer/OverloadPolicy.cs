namespace PipeServer;

/// <summary>What the server does when a limit is reached.</summary>
public enum OverloadPolicy
{
    /// <summary>Refuse at once: 503 with <c>Retry-After</c> and <c>Connection: close</c>.</summary>
    Reject,

    /// <summary>
    /// Wait: a request without a worker waits and its connection is not read further; a client without a connection waits in
    /// the system's backlog.
    /// </summary>
    Wait,
}
