namespace PipeServer.Server.Http2;

/// <summary>
/// Whether anybody uses the body of a stream's request. Most requests have none, and nobody looks at it: that one is begun and ended without the lock of
/// the body, which is as new behind it. A mutable struct: it must be a field.
/// </summary>
internal struct BodyUse
{
    private const int New = 0; // nobody's, and all of the body's state is as at its beginning
    private const int Waiting = 1; // of a request without a body, and nobody has looked at it
    private const int Used = 2;
    private const int Over = 3; // nobody's, and its state is what the last request has left

    private int _state;

    /// <summary>No request has it. From any thread.</summary>
    public readonly bool IsOver => _state is New or Over;

    /// <summary>A request without a body begins; false where the state has to be renewed first.</summary>
    public bool TryBeginUnused() => Interlocked.CompareExchange(ref _state, Waiting, New) == New;

    /// <summary>Under the lock: a request begins, and the state is as at its beginning.</summary>
    /// <param name="isUsed">It has a body.</param>
    public void Begin(bool isUsed) => Volatile.Write(ref _state, isUsed ? Used : Waiting);

    /// <summary>Under the lock: somebody is about to look at the state, and perhaps to change it.</summary>
    public void Use()
    {
        if (_state == Waiting)
        {
            Interlocked.CompareExchange(ref _state, Used, Waiting); // unless it ends in this moment
        }
    }

    /// <summary>The request ends; true where it is known to, or nobody has looked, and nothing is left to do.</summary>
    public bool TryEndUnused() => IsOver || Interlocked.CompareExchange(ref _state, New, Waiting) == Waiting;

    /// <summary>Under the lock: the request ends.</summary>
    public void End() => Volatile.Write(ref _state, Over);
}
