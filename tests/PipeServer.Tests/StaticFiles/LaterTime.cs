namespace PipeServer.Tests.StaticFiles;

/// <summary>An hour ahead of the file system's clock: what was just written is settled, and may be cached.</summary>
internal sealed class LaterTime : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(1);
}
