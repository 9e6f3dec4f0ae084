namespace PipeServer.Instructions;

/// <summary>One connection that sends the same request over and over.</summary>
internal interface ICountedClient : IDisposable
{
    /// <summary>Sends so many requests, and reads their answers.</summary>
    /// <param name="requests">How many.</param>
    /// <param name="pause">What is done before each batch, or null.</param>
    void Run(int requests, Action? pause = null);
}
