namespace PipeServer.Fuzz.WebSockets;

/// <summary>What <see cref="WebSocketReference"/> expects of a connection.</summary>
/// <param name="Events">The messages and pongs, in order.</param>
/// <param name="Close">The codes that the server may end it with; none where any is right.</param>
/// <param name="IsPrefix">The server may have noticed an error earlier or later: more may follow the events.</param>
internal sealed record WebSocketExpectation(IReadOnlyList<WebSocketEvent> Events, IReadOnlyList<int> Close, bool IsPrefix = false)
{
    /// <summary>Null, or what is wrong with what came.</summary>
    public string? Check(WebSocketOutcome outcome)
    {
        var isRight = outcome.Fault is null && (Close.Count == 0 || Close.Contains(outcome.Close))
            && (IsPrefix ? outcome.Events.Take(Events.Count).SequenceEqual(Events) : outcome.Events.SequenceEqual(Events));
        return isRight ? null : $"{this} expected, not {outcome}";
    }

    public override string ToString() =>
        $"[{string.Join(", ", Events)}]{(IsPrefix ? " and maybe more" : "")} close {(Close.Count == 0 ? "any" : string.Join(" or ", Close))}";
}
