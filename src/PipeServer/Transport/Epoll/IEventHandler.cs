namespace PipeServer.Transport.Epoll;

/// <summary>Gets a descriptor's events, on the thread of the loop that it is registered with.</summary>
internal interface IEventHandler
{
    /// <summary>Something happened; the bits are epoll's. A hint: it may come late, or for nothing.</summary>
    void OnEvents(uint events);

    /// <summary>The time that it has asked for by <see cref="EventLoop.CallLater"/> has come.</summary>
    void OnDue();

    /// <summary>
    /// The other side is gone, or has ended its own direction. Called under the loop's lock, so that it cannot reach a later connection: it may only take
    /// note.
    /// </summary>
    /// <param name="events">What of <see cref="EventCalls.Ended"/> has happened.</param>
    void OnHangUp(uint events);

    /// <summary>
    /// The loop has ended, or <see cref="OnEvents"/> has thrown: no event will come any more. Called under the loop's lock too.
    /// </summary>
    void OnLost();
}
