namespace PipeServer.Fuzz.Http2;

/// <summary>
/// What a client may and may not do, and what must come of it, written from RFC 9113, 7541, 8441 and 9218. Where a well-known public suite of such cases and
/// the RFC differ, both are satisfied.
/// </summary>
internal static class Http2Cases
{
    public static IReadOnlyList<Http2Case> All { get; } = Make();

    private static IReadOnlyList<Http2Case> Make()
    {
        var table = new Http2CaseTable();
        ConnectionCases.Add(table);
        FrameCases.Add(table);
        MessageCases.Add(table);
        HpackCases.Add(table);
        return table.All;
    }
}
