namespace PipeServer.Server;

/// <summary>A stream that says something when it has been silent for long: see <see cref="EventStreams"/>.</summary>
internal interface IKeptAlive
{
    /// <summary>Looks whether it has been silent for long enough. May come late, even when the stream has ended; never throws, and does not wait.</summary>
    /// <param name="now">A timestamp of the server's clock.</param>
    void OnTick(long now);
}
