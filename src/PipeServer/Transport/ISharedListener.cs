namespace PipeServer.Transport;

/// <summary>
/// A listener that others can accept beside, each in a loop of its own, from the same queue of clients. To stop or to dispose of one of them
/// does so for all.
/// </summary>
internal interface ISharedListener : IConnectionListener
{
    /// <summary>All of them, this one among them.</summary>
    IReadOnlyList<IConnectionListener> Siblings { get; }
}
