namespace PipeServer.Fuzz.WebSockets;

/// <summary>What a client sends behind the handshake, and all that comes back.</summary>
/// <param name="Id">Its name in test reports.</param>
/// <param name="Section">Where the rule stands.</param>
/// <param name="Bytes">What is sent.</param>
/// <param name="Events">The messages and pongs that come back, in order.</param>
/// <param name="Close">The codes that the server may close with, one of which it must; none: the connection stays open, and is usable.</param>
internal sealed record WebSocketCase(string Id, string Section, byte[] Bytes, IReadOnlyList<WebSocketEvent> Events, IReadOnlyList<int> Close)
{
    /// <summary>Which of the routes of <see cref="WebSocketServer"/>.</summary>
    public string Path { get; init; } = "/ws";

    /// <summary>The extensions that are offered; null for none.</summary>
    public string? Extensions { get; init; }

    /// <summary>The client ends its direction behind the bytes.</summary>
    public bool IsCut { get; init; }

    /// <summary>Null, or what is wrong with what came of it.</summary>
    public string? Check(WebSocketOutcome outcome)
    {
        IReadOnlyList<WebSocketEvent> events = Close.Count > 0 || IsCut ? Events : [.. Events, WebSocketCases.Marker];
        IReadOnlyList<int> close = Close.Count > 0 ? Close : [IsCut ? CloseCode.None : CloseCode.Normal];
        return outcome.Fault is null && outcome.Events.SequenceEqual(events) && close.Contains(outcome.Close) ? null
            : $"{Id} ({Section}): [{string.Join(", ", events)}] close {string.Join(" or ", close)} expected, not {outcome}";
    }

    /// <summary>What is sent: where the connection is to stay open, a message and a close frame behind the bytes prove that.</summary>
    public byte[] Sent => Close.Count > 0 || IsCut ? Bytes
        : [.. Bytes, .. new Frame(Opcode.Text, WebSocketCases.Marker.Payload).Encode(), .. new Frame(Opcode.Close, [0x03, 0xE8]).Encode()];
}
