namespace PipeServer.Fuzz.Http2;

/// <summary>Sends a flood over one connection until the server ends that, or a bound is reached.</summary>
internal static class Http2FloodRun
{
    /// <summary>How many rounds are sent at once.</summary>
    public const int Batch = 100;

    /// <param name="client">A client that has sent nothing yet.</param>
    /// <param name="flood">What is sent.</param>
    /// <param name="maxRounds">No more than this, or for ever where it is the largest number.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many bytes were sent.</returns>
    public static async Task<long> RunAsync(Http2TestClient client, Http2Flood flood, int maxRounds, CancellationToken cancellationToken = default)
    {
        client.OpensWindows = false; // its reader must not wait for its writer, which waits for the server to read, and that for the reader
        await client.StartAsync([.. flood.Settings]);
        var reading = Task.Run(client.EndAsync, CancellationToken.None);
        var sent = 0L;
        await client.SendAsync(flood.First);
        for (var round = 0; round < maxRounds && !client.HasEnded && client.GoAway is null or { GoAwayCode: Code.NoError } && !cancellationToken.IsCancellationRequested; round += Batch)
        {
            var frames = Enumerable.Range(round, Batch).SelectMany(flood.Next).ToList();
            sent += frames.Sum(static frame => Http2Frame.HeaderBytes + frame.Payload.Length);
            await client.SendAsync(frames);
        }

        // What is on its way is looked at too. A server that takes all of it and stays is told by the time that this takes.
        await Task.WhenAny(reading, Task.Delay(client.Patience, CancellationToken.None));
        return sent;
    }
}
