namespace PipeServer.Fuzz.Http2;

/// <summary>A client that sends without an end what costs it little.</summary>
/// <param name="Name">Its name in tests and on the command line.</param>
/// <param name="Next">The frames of one round, by its number from 0: streams have the numbers 2n + 1.</param>
internal sealed record Http2Flood(string Name, Func<int, IEnumerable<Http2Frame>> Next)
{
    /// <summary>What is sent first.</summary>
    public IReadOnlyList<(int Id, long Value)> Settings { get; init; } = [];

    /// <summary>Frames that come before the rounds.</summary>
    public IReadOnlyList<Http2Frame> First { get; init; } = [];

    private static readonly byte[] Get = HpackBytes.Block(Http2CaseTable.Fields("GET"));
    private static readonly byte[] Post = HpackBytes.Block(Http2CaseTable.Fields("POST"));
    private static readonly byte[] Field = HpackBytes.Literal("a", "");
    private static readonly Http2Frame Part = Http2Frame.Headers(1, Get) with { Flags = Flag.EndStream };
    private static readonly byte[] TooLarge = [.. Get, .. HpackBytes.Added("x", new string('b', 4000)), .. Enumerable.Repeat((byte)(0x80 | 62), 12)]; // 48 KB
    private static readonly byte[] Malformed = HpackBytes.Block([new("Upper", "case")]);

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Http2Flood> All { get; } =
    [
        new("rapid-reset", static at => [Http2Frame.Headers(Id(at), Get), Http2Frame.Reset(Id(at))]),
        new("rapid-reset-post", static at => [Http2Frame.Headers(Id(at), Post, end: false), Http2Frame.Reset(Id(at))]),
        new("made-reset-window-0", static at => [Http2Frame.Headers(Id(at), Post, end: false), Http2Frame.WindowUpdate(Id(at), 0)]),
        new("made-reset-window-overflow", static at => [Http2Frame.Headers(Id(at), Post, end: false), Http2Frame.WindowUpdate(Id(at), int.MaxValue)]),
        new("made-reset-priority-size", static at => [Http2Frame.Headers(Id(at), Post, end: false), Http2CaseTable.Any(FrameKind.Priority, Id(at), 4)]),
        new("made-reset-half-closed", static at => [Http2Frame.Headers(Id(at), Get), Http2Frame.Data(Id(at), "x")]) { Settings = [(Setting.InitialWindowSize, 0)] },
        new("made-reset-head-twice", static at => [Http2Frame.Headers(Id(at), Post, end: false), Http2Frame.Headers(Id(at), Post, end: false)]),
        new("malformed-heads", static at => [Http2Frame.Headers(Id(at), Malformed)]),
        new("heads-too-large", static at => [Http2Frame.Headers(Id(at), TooLarge)]),
        new("self-dependency", static at => [Http2Frame.Headers(Id(at), Get).Depend(Id(at))]),
        new("refused-streams", static at => [Http2Frame.Headers(Id(at), Get)]) { Settings = [(Setting.InitialWindowSize, 0)] },
        new("ping", static at => [Http2Frame.Ping(Http2TestClient.Tag(at % 1000))]),
        new("ping-answers", static _ => [Http2Frame.Ping(ack: true)]),
        new("ping-answers-pace", static _ => [Http2Frame.Ping("PipePace", ack: true)]),
        new("ping-answers-stop", static _ => [Http2Frame.Ping("PipeStop", ack: true)]),
        new("settings", static at => [Http2Frame.SettingsOf((Setting.InitialWindowSize, 65535 + (at % 2)))]),
        new("settings-empty", static _ => [Http2Frame.SettingsOf()]),
        new("settings-long", static _ => [Http2Frame.SettingsOf([.. Enumerable.Repeat((Setting.HeaderTableSize, 4096L), 2000)])]),
        new("settings-answers", static _ => [Http2Frame.SettingsAck()]),
        new("priority", static at => [Http2Frame.Priority(Id(at % 1000), 0)]),
        new("priority-update", static at => [Http2Frame.PriorityUpdate(Id(at % 1000), "u=1")]),
        new("priority-update-long", static at => [Http2Frame.PriorityUpdate(Id(at % 1000), new string(' ', 16_000))]),
        new("window-update", static _ => [Http2Frame.WindowUpdate(0, 1)]),
        new("window-update-stream", static _ => [Http2Frame.WindowUpdate(1, 1)]) { First = [Http2Frame.Headers(1, Post, end: false)] },
        new("empty-data", static _ => [Http2Frame.Data(1, "")]) { First = [Http2Frame.Headers(1, Post, end: false)] },
        new("padded-data", static _ => [Http2Frame.Data(1, "").Pad(0)]) { First = [Http2Frame.Headers(1, Post, end: false)] },
        new("empty-continuation", static _ => [Http2Frame.Continuation(1, [], end: false)]) { First = [Part] },
        new("small-continuation", static at => [Http2Frame.Continuation(1, [Field[at % Field.Length]], end: false)]) { First = [Part] },
        new("large-continuation", static _ => [Http2Frame.Continuation(1, LongFields(), end: false)]) { First = [Part] },
        new("unknown-frames", static _ => [Http2CaseTable.Any(99, 0, 0)]),
        new("goaway", static _ => [Http2Frame.GoAway()]) { First = [Http2Frame.Headers(1, Post, end: false)] },
    ];

    private static int Id(int round) => (2 * round) + 1;

    private static byte[] LongFields() => [.. Enumerable.Repeat(HpackBytes.Literal("x-long", new string('x', 100)), 100).SelectMany(static one => one)];
}
