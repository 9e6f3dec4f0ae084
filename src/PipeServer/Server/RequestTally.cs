namespace PipeServer.Server;

/// <summary>
/// One connection's share of the ledger. An answer counts once it is flushed: what is only written may never leave the process.
/// Written by the connection's loop alone, read by anybody.
/// </summary>
/// <remarks>A mutable struct: it must be a field, or what is counted is a copy.</remarks>
internal struct RequestTally
{
    private long _received;
    private long _completed;
    private long _refused;
    private long _aborted;
    private long _unflushedCompleted;
    private long _unflushedRefused;

    /// <summary>True when an answer is written and not flushed.</summary>
    public readonly bool HasUnflushed => _unflushedCompleted + _unflushedRefused > 0;

    /// <summary>What has been counted so far.</summary>
    public readonly RequestCounts Counts => new(
        Volatile.Read(in _received), Volatile.Read(in _completed), Volatile.Read(in _refused), Volatile.Read(in _aborted));

    /// <summary>
    /// The number of the request that is in progress, from 1: it has arrived, and its answer is not written yet. 0 while there is none.
    /// </summary>
    public readonly long InProgress
    {
        get
        {
            // First what is not flushed, which a flush moves to the others: a race may make it seem answered, never unanswered.
            var answered = Volatile.Read(in _unflushedCompleted) + Volatile.Read(in _unflushedRefused);
            var ended = Counts;
            return ended.Received > answered + ended.Completed + ended.Refused + ended.Aborted ? ended.Received : 0;
        }
    }

    /// <summary>A request has arrived.</summary>
    public void Receive() => Volatile.Write(ref _received, _received + 1);

    /// <summary>Its answer is written.</summary>
    public void Complete() => _unflushedCompleted++;

    /// <summary>Its refusal is written.</summary>
    public void Refuse() => _unflushedRefused++;

    /// <summary>One of the two.</summary>
    public void Count(bool isRefusal)
    {
        if (isRefusal)
        {
            Refuse();
        }
        else
        {
            Complete();
        }
    }

    /// <summary>It was cut off, and its connection goes on.</summary>
    public void Abort() => Volatile.Write(ref _aborted, _aborted + 1);

    /// <summary>All that was written has been handed to the system.</summary>
    public void Flush()
    {
        Volatile.Write(ref _completed, _completed + _unflushedCompleted);
        Volatile.Write(ref _refused, _refused + _unflushedRefused);
        _unflushedCompleted = _unflushedRefused = 0;
    }

    /// <summary>The connection has ended: a request that has no flushed answer by now was cut off with it.</summary>
    public void Close() => Volatile.Write(ref _aborted, _received - _completed - _refused);
}
