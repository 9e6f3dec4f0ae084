namespace PipeServer.Transport;

/// <summary>What one event loop is doing.</summary>
internal sealed class LoopStatistics(string name, int connections, TimeSpan lag, TimeSpan longestLag)
{
    /// <summary>The loop's thread, as in <c>loop-0</c>.</summary>
    public string Name => name;

    /// <summary>How many connections are the loop's.</summary>
    public int Connections => connections;

    /// <summary>How late it came, or is now, to what was last put to it.</summary>
    public TimeSpan Lag => lag;

    /// <summary>The most of that in the last quarter to half a minute.</summary>
    public TimeSpan LongestLag => longestLag;
}
