namespace PipeServer.Server.Http2;

/// <summary>
/// Which streams were reset lately, and by whom: frames for them are still on their way, and no fault (RFC 9113 §5.1). The owner's. A mutable struct.
/// </summary>
internal struct ClosedStreams
{
    private const int Kept = 128;

    private int[]? _ids; // negative where the client has reset it
    private int _next;

    /// <summary>Notes a reset.</summary>
    public void Add(int id, bool byClient)
    {
        _ids ??= new int[Kept];
        _ids[_next] = byClient ? -id : id;
        _next = (_next + 1) % Kept;
    }

    /// <summary>This side has reset it.</summary>
    public readonly bool WasResetHere(int id) => _ids is not null && Array.IndexOf(_ids, id) >= 0;

    /// <summary>The client has.</summary>
    public readonly bool WasResetByClient(int id) => _ids is not null && Array.IndexOf(_ids, -id) >= 0;

    /// <summary>Forgets them.</summary>
    public void Reset() => (_ids, _next) = (null, 0);
}
