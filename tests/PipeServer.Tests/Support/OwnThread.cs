namespace PipeServer.Tests.Support;

/// <summary>
/// A thread of its own for what spins or blocks in a test: those of the pool are as many as cores, and all tests share them. One that held them all for 9 s had
/// whatever ran beside it fail.
/// </summary>
internal static class OwnThread
{
    public static Task Run(Action action) => Task.Factory.StartNew(action, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
}
