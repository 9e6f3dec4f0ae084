namespace PipeServer.Fuzz.Http2;

/// <summary>Runs one case on one connection.</summary>
/// <param name="stream">The connection.</param>
/// <param name="endSending">Ends the client's direction.</param>
internal sealed class Http2CaseRunner(Stream stream, Action endSending)
{
    /// <summary>How long anything may take.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The client uses only what a connection's begin allows, and never opens a window by itself.</summary>
    /// <param name="item">What is sent, and expected.</param>
    /// <param name="cut">Where the bytes that are sent at once are cut in two; 0 for nowhere.</param>
    /// <returns>Null, or what is wrong.</returns>
    public async Task<string?> RunAsync(Http2Case item, int cut = 0)
    {
        await using var client = new Http2TestClient(stream) { OpensWindows = false, Patience = Patience };
        try
        {
            if (item.Kind == OutcomeKind.Ends)
            {
                return await EndsAsync(client, item, cut);
            }

            await SendAsync(client, item, cut);
            await FinishAsync(client, item);
            return item.Check(client, null);
        }
        catch (Exception exception) when (exception is InvalidDataException or TimeoutException or IOException)
        {
            return item.Check(client, exception.Message);
        }
    }

    private static async Task SendAsync(Http2TestClient client, Http2Case item, int cut)
    {
        var bytes = new List<byte>(item.Opening);
        if (item.Opening.Length > Http2Frame.Preface.Length)
        {
            client.Conversation.Note(Http2Frame.SettingsOf());
        }

        foreach (var step in item.Steps)
        {
            if (!step.IsWait)
            {
                if (step.Frame is { } frame)
                {
                    client.Conversation.Note(frame);
                }

                bytes.AddRange(step.Bytes);
                continue;
            }

            await SendAsync(client, bytes, cut);
            cut = 0;
            await (step.AwaitedStream == 0 ? client.PingAsync() : client.UntilAsync(() => HasCome(client, step), $"{step.AwaitedBytes} bytes or the end of stream {step.AwaitedStream}"));
        }

        await SendAsync(client, bytes, cut);
    }

    private static bool HasCome(Http2TestClient client, CaseStep step) =>
        step.AwaitedBytes > 0 ? client.Responses[step.AwaitedStream].BodyLength >= step.AwaitedBytes : IsOver(client, step.AwaitedStream);

    private static bool IsOver(Http2TestClient client, int stream) => client.Responses[stream].IsOver;

    private static async Task SendAsync(Http2TestClient client, List<byte> bytes, int cut)
    {
        var all = bytes.ToArray();
        bytes.Clear();
        if (cut > 0 && cut < all.Length)
        {
            await client.SendBytesAsync(all.AsMemory(0, cut));
            await Task.Yield();
            await client.SendBytesAsync(all.AsMemory(cut));
        }
        else if (all.Length > 0)
        {
            await client.SendBytesAsync(all);
        }
    }

    private async Task FinishAsync(Http2TestClient client, Http2Case item)
    {
        if (item.StaysOpen)
        {
            await client.UntilAsync(() => client.Conversation.ServerSettings.Count > 0, "the server's SETTINGS");
            await client.UntilAsync(() => item.Answered.All(id => IsOver(client, id)), "the answers");
            await client.UntilAsync(() => item.Kind == OutcomeKind.Open || IsOver(item, client), "the error");
            await client.PingAsync();
            return;
        }

        if (item.Kind != OutcomeKind.ConnectionError)
        {
            // One of several errors, or none: whatever comes, a PING behind it is answered, or the connection ends.
            await client.SendAsync(Http2Frame.Ping("lastping"));
            while ((client.Conversation.UnansweredPings > 0 || !item.Answered.All(id => IsOver(client, id))) && await client.ReadAsync() is not null && client.GoAway is null or { GoAwayCode: Code.NoError })
            {
            }

            return;
        }

        while (client.GoAway is null or { GoAwayCode: Code.NoError } && await client.ReadAsync() is not null)
        {
        }

        endSending();
        await client.EndAsync();
    }

    private static bool IsOver(Http2Case item, Http2TestClient client) =>
        client.Conversation.ResetOf(item.Stream) is not null || (client.Responses.GetValueOrDefault(item.Stream)?.IsComplete ?? false);

    // What comes may be no frames at all.
    private async Task<string?> EndsAsync(Http2TestClient client, Http2Case item, int cut)
    {
        byte[] all = [.. item.Opening, .. item.Steps.SelectMany(static step => step.Bytes)];
        await SendAsync(client, [.. all], cut);
        if (item.IsCut)
        {
            endSending();
        }

        using var patience = new CancellationTokenSource(Patience);
        var buffer = new byte[4096];
        try
        {
            while (await client.Stream.ReadAsync(buffer, patience.Token) > 0)
            {
            }

            return null;
        }
        catch (OperationCanceledException)
        {
            return $"{item}: it does not end";
        }
        catch (IOException)
        {
            return null;
        }
    }
}
