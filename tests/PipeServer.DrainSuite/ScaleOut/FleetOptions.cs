namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>What the clients of a lab do.</summary>
/// <param name="Count">How many there are, each on one connection that it keeps.</param>
/// <param name="PauseMilliseconds">How long each waits between an answer and its next request, on average: half as long to half as long again.</param>
/// <param name="Path">What they ask for; those with a body get it back.</param>
/// <param name="IsPost">They send a body: nobody in between may send such a request twice.</param>
internal sealed record FleetOptions(int Count, int PauseMilliseconds, string Path = "/echo", bool IsPost = true);
