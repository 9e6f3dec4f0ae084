namespace PipeServer.Tests.Support;

/// <summary>A clock for file caches: no file is checked again, and none has been written within the resolution of its times.</summary>
internal sealed class StandingTime : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddHours(1);

    public override long GetTimestamp() => 0;
}
