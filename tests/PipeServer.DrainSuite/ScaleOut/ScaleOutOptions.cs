namespace PipeServer.DrainSuite.ScaleOut;

/// <summary>What stands in the lab.</summary>
/// <param name="Program">The file of the program <c>pipeserver</c> that can be started by itself.</param>
/// <param name="Deploy">The folder of the files that users copy, for front ends.</param>
/// <param name="FrontEnd">What is in front of the servers.</param>
/// <param name="Clients">How many clients there are.</param>
/// <param name="PauseMilliseconds">Their pause, on average.</param>
/// <param name="QuietSeconds">How long nothing happens before, between and behind what happens.</param>
internal sealed record ScaleOutOptions(string Program, string Deploy, FrontEnd FrontEnd, int Clients = 500, int PauseMilliseconds = 400, double QuietSeconds = 5)
{
    /// <summary>So long nothing happens.</summary>
    public TimeSpan Quiet => TimeSpan.FromSeconds(QuietSeconds);
}
