namespace PipeServer.Cli.Dashboard;

/// <summary>A snapshot, as it is sent.</summary>
/// <param name="number">Its number: each has a higher one than the last.</param>
/// <param name="json">What it says, in one line.</param>
internal sealed class Snapshot(long number, byte[] json)
{
    /// <summary>Its number: each has a higher one than the last.</summary>
    public long Number => number;

    /// <summary>What it says, in one line.</summary>
    public byte[] Json => json;
}
