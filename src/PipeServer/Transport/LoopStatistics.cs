namespace PipeServer.Transport;

/// <summary>What one event loop is doing.</summary>
/// <param name="Name">The loop's thread, as in <c>loop-0</c>.</param>
/// <param name="Connections">How many connections are the loop's.</param>
/// <param name="Lag">How late it came, or is now, to what was last put to it.</param>
/// <param name="LongestLag">The most of that in the last quarter to half a minute.</param>
internal readonly record struct LoopStatistics(string Name, int Connections, TimeSpan Lag, TimeSpan LongestLag);
