namespace PipeServer.Fuzz.WebSockets;

/// <summary>What a client has seen of a connection from its handshake to its end.</summary>
/// <param name="Events">The messages and pongs, in order.</param>
/// <param name="Close">The code of the server's close frame, <see cref="CloseCode.Empty"/> or <see cref="CloseCode.None"/>.</param>
/// <param name="Part">What had come of a message that never ended.</param>
/// <param name="Fault">What no server may send, or how no connection may end; null when all was in order.</param>
internal sealed record WebSocketOutcome(IReadOnlyList<WebSocketEvent> Events, int Close, WebSocketEvent? Part, string? Fault)
{
    public override string ToString() =>
        $"[{string.Join(", ", Events)}] {(Part is { } part ? $"and the beginning of {part} " : "")}close {Close}{(Fault is null ? "" : $", {Fault}")}";
}
