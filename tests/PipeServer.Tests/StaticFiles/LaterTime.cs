namespace PipeServer.Tests.StaticFiles;

/// <summary>An hour ahead of the file system's clock: what was just written is settled, and may be cached.</summary>
internal sealed class LaterTime : TimeProvider
{
    private long _timestamp;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(1);

    // On a busy machine more than a second lay between two requests, and what was in memory was compared with the disk once more.
    public override long GetTimestamp() => Volatile.Read(ref _timestamp);

    /// <summary>Moves the stopwatch, which stands still otherwise.</summary>
    public void Pass(TimeSpan time) => Interlocked.Add(ref _timestamp, (long)(time.TotalSeconds * TimestampFrequency));
}
