namespace PipeServer.Fuzz.WebSockets;

/// <summary>What <see cref="WebSocketReference"/> expects of a connection.</summary>
/// <param name="Events">The messages and pongs, in order.</param>
/// <param name="Close">The codes that the server may end it with; none where any is right.</param>
/// <param name="IsPrefix">The server may have noticed an error earlier or later: more may follow the events.</param>
internal sealed record WebSocketExpectation(IReadOnlyList<WebSocketEvent> Events, IReadOnlyList<int> Close, bool IsPrefix = false)
{
    // So much may be more than a client's window and the server's buffer hold, so that a send has to wait.
    private const int WaitingBytes = 16 * 1024;

    /// <summary>Null, or what is wrong with what came.</summary>
    public string? Check(WebSocketOutcome outcome)
    {
        var isRight = outcome.Fault is null && (Close.Count == 0 || Close.Contains(outcome.Close))
            && (Follows(outcome.Events, Events) || (Events.Sum(static one => one.Payload.Length) >= WaitingBytes && FollowsLate(outcome.Events)));
        return isRight ? null : $"{this} expected, not {outcome}";
    }

    public override string ToString() =>
        $"[{string.Join(", ", Events)}]{(IsPrefix ? " and maybe more" : "")} close {(Close.Count == 0 ? "any" : string.Join(" or ", Close))}";

    private bool Follows(IEnumerable<WebSocketEvent> came, IReadOnlyCollection<WebSocketEvent> expected) =>
        IsPrefix ? came.Take(expected.Count).SequenceEqual(expected) : came.SequenceEqual(expected);

    // Pings that come while a send waits for the client may be answered behind the message, and all by the pong of the last (§5.5.3).
    private bool FollowsLate(IReadOnlyList<WebSocketEvent> came)
    {
        var answered = new Queue<WebSocketEvent>(Events.Where(IsPong));
        return Follows(came.Where(static one => !IsPong(one)), [.. Events.Where(static one => !IsPong(one))])
            && (IsPrefix || Events.LastOrDefault(IsPong) == came.LastOrDefault(IsPong))
            && came.Where(IsPong).All(pong =>
            {
                while (answered.TryDequeue(out var next))
                {
                    if (next == pong)
                    {
                        return true;
                    }
                }

                return IsPrefix;
            });
    }

    private static bool IsPong(WebSocketEvent one) => one.Kind == Opcode.Pong;
}
