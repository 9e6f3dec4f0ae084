using PipeServer.Http;

namespace PipeServer.Server.Http2;

/// <summary>What the owner of a connection's output knows of a stream: how far it is, what may be sent on it, and which lists it is in.</summary>
internal abstract class StreamState(RequestHead head) : Exchange(head)
{
    /// <summary>The number of the stream: odd, and larger than of those before it.</summary>
    public int Id { get; private set; }

    /// <summary>How much may be sent on it.</summary>
    public int SendWindow { get; set; }

    /// <summary>END_STREAM has been sent.</summary>
    public bool IsEndSent { get; set; }

    /// <summary>It is in the connection's table.</summary>
    public bool IsOpen { get; set; }

    /// <summary>When its head was complete, by the heartbeat's clock.</summary>
    public long OpenedAt { get; private set; }

    /// <summary>Since when something waits for a window, by the heartbeat's clock; 0 while nothing does.</summary>
    public long StalledAt { get; set; }

    /// <summary>How much was sent since the first wait for a window, and how long it has waited in all, in milliseconds.</summary>
    public (long Sent, long Waited) Stalls { get; set; }

    /// <summary>Somebody waits until the whole answer has been handed to the system, or the stream is gone.</summary>
    public TaskCompletionSource? WholeSent { get; set; }

    /// <summary>How it is sent beside others.</summary>
    public StreamPriority Priority { get; set; }

    /// <summary>It is in the <see cref="SendQueue"/>; with the urgency and the neighbour there.</summary>
    public bool IsQueued { get; set; }

    /// <inheritdoc cref="IsQueued"/>
    public byte QueuedUrgency { get; set; }

    /// <inheritdoc cref="IsQueued"/>
    public Http2Stream? NextToSend { get; set; }

    /// <summary>Its neighbour on the connection's list of those that have signalled, or among those that are kept.</summary>
    public Http2Stream? NextInList { get; set; }

    /// <summary>A request begins.</summary>
    protected void Begin(int id, int sendWindow, long now) => (Id, SendWindow, OpenedAt) = (id, sendWindow, now);

    /// <summary>It is over.</summary>
    protected void ForgetState()
    {
        IsEndSent = IsOpen = false;
        (StalledAt, Stalls) = (0, default);
        WholeSent = null;
    }
}
