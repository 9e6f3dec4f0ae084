namespace PipeServer.Server;

/// <summary>What figures and traces of requests are made by, for a <see cref="RequestObserver"/>. May throw what listeners throw.</summary>
internal abstract class RequestTelemetry
{
    /// <summary>Somebody listens. Asked at each request.</summary>
    public abstract bool IsEnabled { get; }

    /// <summary>A request's head is complete.</summary>
    public abstract void Begin(Exchange exchange);

    /// <summary>It goes on here, on another thread, whose context knows nothing of it.</summary>
    public abstract void Resume(Exchange exchange);

    /// <summary>A TLS handshake has ended.</summary>
    public virtual void RecordHandshake(HandshakeOutcome outcome, TlsVersion? version, TimeSpan duration)
    {
    }

    /// <summary>It has ended. One whose head was malformed or came too late has not begun.</summary>
    public abstract void End(Exchange exchange, in RequestCompletion completion);
}
