namespace PipeServer.Fuzz.Http2;

/// <summary>What a client sends, and what may become of it.</summary>
/// <param name="Id">Its name in test reports.</param>
/// <param name="Section">Where the rule stands.</param>
/// <param name="Steps">What is sent behind the preface and SETTINGS.</param>
/// <param name="Kind">What has to become of the connection.</param>
/// <param name="Codes">The codes that the error may have.</param>
internal sealed record Http2Case(string Id, string Section, IReadOnlyList<CaseStep> Steps, OutcomeKind Kind, IReadOnlyList<int> Codes)
{
    /// <summary>The stream of the error.</summary>
    public int Stream { get; init; } = 1;

    /// <summary>The streams that must be answered by 200.</summary>
    public IReadOnlyList<int> Answered { get; init; } = [];

    /// <summary>What is sent first.</summary>
    public byte[] Opening { get; init; } = [.. Http2Frame.Preface, .. Http2Frame.SettingsOf().Encode()];

    /// <summary>Null, or what else is wrong with what came.</summary>
    public Func<Http2TestClient, string?>? Also { get; init; }

    /// <summary>The client ends its direction behind the bytes.</summary>
    public bool IsCut { get; init; }

    /// <summary>The connection must answer a PING at the end.</summary>
    public bool StaysOpen => Kind is OutcomeKind.Open or OutcomeKind.StreamError or OutcomeKind.Rejected;

    public override string ToString() => $"{Id} ({Section})";

    /// <summary>Null, or what is wrong.</summary>
    public string? Check(Http2TestClient client, string? fault)
    {
        var problem = fault ?? CheckKind(client) ?? Answered.Select(id => CheckAnswer(client, id)).FirstOrDefault(static one => one is not null) ?? Also?.Invoke(client);
        return problem is null ? null : $"{this}: {problem}; {Kind} {string.Join(" or ", Codes)} expected; {client.Conversation}{(client.HasEnded ? "; ended" : "")}";
    }

    private static string? CheckAnswer(Http2TestClient client, int id) =>
        client.Responses.GetValueOrDefault(id) is { IsComplete: true, ResetCode: null, Status: 200 } ? null
        : $"stream {id} is not answered: {client.Responses.GetValueOrDefault(id)}";

    private string? CheckKind(Http2TestClient client)
    {
        var reset = client.Conversation.ResetOf(Stream);
        var goAway = client.GoAway?.GoAwayCode;
        var isReset = reset is { } code && Codes.Contains(code) && goAway is null or Code.NoError;
        var isEnded = goAway is { } left && Codes.Contains(left);
        var isOpen = goAway is null or Code.NoError && client.Conversation.Resets.Count == 0;
        var isRight = Kind switch
        {
            OutcomeKind.Open => isOpen && !client.HasEnded,
            OutcomeKind.StreamError => isReset && client.Conversation.Resets.Count == 1,
            OutcomeKind.ConnectionError => isEnded && client.HasEnded,
            OutcomeKind.EitherError => isReset || isEnded,
            OutcomeKind.ErrorOrOpen => isReset || isEnded || isOpen,
            OutcomeKind.Rejected => isReset || (isOpen && client.Responses.GetValueOrDefault(Stream) is { Status: >= 400 }),
            _ => client.HasEnded,
        };
        return isRight ? null : "another outcome";
    }
}
