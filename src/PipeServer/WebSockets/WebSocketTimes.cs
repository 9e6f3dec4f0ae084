using PipeServer.Server;

namespace PipeServer.WebSockets;

/// <summary>
/// The times of one WebSocket, in milliseconds of the heartbeat, which looks at each beat: a timer for each of ten thousand would cost more than their pings.
/// </summary>
/// <remarks>What has come is noted by who receives; <see cref="Check"/> is the heartbeat's.</remarks>
internal sealed class WebSocketTimes(WebSocketRules rules, Heartbeat heartbeat)
{
    private const long Never = long.MaxValue;

    private long _received = heartbeat.Now; // the last bytes, whatever they were
    private long _message = heartbeat.Now; // the last ones of a message
    private long _closing = Never; // since when the client's close frame is waited for
    private long _closeSeen = Never; // the first look at which a close frame had been sent; the heartbeat's own, as the next one
    private long _pinged = Never; // since when an answer is waited for

    /// <summary>Bytes have come.</summary>
    public void OnReceived() => Volatile.Write(ref _received, heartbeat.Now);

    /// <summary>They were of a message.</summary>
    public void OnMessage() => Volatile.Write(ref _message, heartbeat.Now);

    /// <summary>Nothing is waited for but the client's close frame.</summary>
    public void BeginClosing()
    {
        if (Volatile.Read(ref _closing) == Never)
        {
            Volatile.Write(ref _closing, heartbeat.Now);
        }
    }

    /// <summary>What is due.</summary>
    /// <param name="now">The time.</param>
    /// <param name="isReceiving">What the client sends is read: without that, an answer to a ping would not be seen.</param>
    /// <param name="isClosing">A close frame has been sent.</param>
    /// <param name="isDraining">The client's close frame has until the end of the grace period.</param>
    public WebSocketVerdict Check(long now, bool isReceiving, bool isClosing, bool isDraining)
    {
        if (isClosing)
        {
            // While the handler goes on and receives, what comes before the close frame is its own to judge: then the time is that of a silence.
            _closeSeen = Math.Min(_closeSeen, now);
            var since = Volatile.Read(ref _closing);
            since = since != Never ? since : isReceiving ? Math.Max(_closeSeen, Volatile.Read(ref _received)) : now;
            return !isDraining && now - since > rules.CloseTimeout ? WebSocketVerdict.NoClose : WebSocketVerdict.InTime;
        }

        if (now - Volatile.Read(ref _message) > rules.IdleTimeout)
        {
            BeginClosing();
            return WebSocketVerdict.Idle;
        }

        var silence = Volatile.Read(ref _received);
        if (_pinged == Never)
        {
            if (now - silence <= rules.KeepAliveInterval)
            {
                return WebSocketVerdict.InTime;
            }

            _pinged = now;
            return WebSocketVerdict.Ping;
        }

        if (silence >= _pinged)
        {
            _pinged = Never;
        }
        else if (!isReceiving)
        {
            _pinged = now;
        }

        return _pinged != Never && now - _pinged > rules.KeepAliveTimeout ? WebSocketVerdict.NoPong : WebSocketVerdict.InTime;
    }
}
