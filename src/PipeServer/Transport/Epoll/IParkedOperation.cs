namespace PipeServer.Transport.Epoll;

/// <summary>
/// What <see cref="Parking{TOperation, TResult}"/> asks of the read, flush or accept that waits in it. Only one thread at a time calls
/// these: the operation's own, or the one that has unparked it; any thread may ask <see cref="IsAborted"/>.
/// </summary>
/// <typeparam name="TResult">What the operation brings.</typeparam>
internal interface IParkedOperation<TResult>
{
    /// <summary>There is reason to end the wait beside a cancellation: an abort, a stop.</summary>
    bool IsAborted { get; }

    /// <summary>Asks the system; true when there is a result to take.</summary>
    bool TryComplete();

    /// <summary>The result.</summary>
    TResult TakeResult();

    /// <summary>The event that the operation waits for has come.</summary>
    void OnSignal();

    /// <summary>
    /// For an operation that was parked and has a way of its own to go on, on a loop's thread with its block: true when it has been parked again,
    /// or is somebody else's; false when what there is to tell completes it, or else parks it.
    /// </summary>
    bool TryGoOn(ReceiveBlock? loop);

    /// <summary>The token of the operation was cancelled.</summary>
    void OnCanceled();

    /// <summary>The operation is about to park: it gives back what need not be held while nobody knows for how long.</summary>
    void OnParking();

    /// <summary>True when the operation has had its turn, and parks only to let others have theirs; starts a new turn.</summary>
    bool EndTurn();

    /// <summary>Has <see cref="Parking{TOperation, TResult}.Resume"/> called when the others have had their turn.</summary>
    void Yield();
}
